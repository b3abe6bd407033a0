"""A made-up flood on one case, among ordinary signers, so that the desk has something to show.

Everybody in it is called "Demo". Nobody gets a mail: nothing is put into the outbox.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from flask_w4r.models import Case, Edition, Signature
from flask_w4r.services.moderation.pulse import WHOLE_SECTION, add_opened, hour_of, run_pulse
from flask_w4r.services.people.networks import day_secret, network_hashes, network_tiers
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_signatures

#: Ordinary days before it, and the hours in which nothing was unusual yet.
HISTORY = timedelta(hours=60)
#: The flood came within this time until now.
LASTED = timedelta(minutes=50)
#: Addresses kept for documentation: nobody's.
FLOODER, SCHOOL = "203.0.113.7", "198.51.100.20"
Reasons = list[dict[str, Any]]


def _found(check: str, score: int, *, hold: bool = False, **detail: int) -> dict[str, Any]:
    return {"check": check, "score": score, "hold": hold, **({"detail": detail} if detail else {})}


@dataclass(frozen=True)
class Wave:
    """Signatures of one kind: how many, from which address and mailboxes, and what the checks said."""

    name: str
    count: int
    email: str
    network: str | None = None
    reasons: Reasons = field(default_factory=list)
    captcha: str = "pass"
    mail_domain: str | None = None
    last_name: str = "Signer"
    states: tuple[str, ...] = ("pending",)


FLOOD = (
    Wave(
        "one network, numbered addresses", 220, "demo{}@example.org", FLOODER,
        [_found("rate_network", 50, count=220), _found("address_sequence", 30, count=60)],
    ),
    Wave(
        "throw-away mailboxes", 40, "demo.{}@mailinator.com", None,
        [_found("disposable_domain", 50)], mail_domain="mailinator.com",
    ),
    Wave("links for names", 12, "demo-link-{}@example.org", None, [_found("name_link", 50)], last_name="www.example.org"),
    Wave("robots in the hidden field", 15, "demo-robot-{}@example.org", None, [_found("honeypot", 0, hold=True)]),
    Wave(
        "without the captcha", 18, "demo-noscript-{}@example.org", None,
        [_found("captcha_missing", 0, hold=True)], captcha="missing",
    ),
)  # fmt: skip
#: Genuine, in the midst of it: not held, and to be left alone.
CLASS = Wave("a school class behind one address", 30, "demo-pupil-{}@example.org", SCHOOL, states=("confirmed",))
DAILY = Wave("ordinary signers", 0, "demo-supporter-{}@example.org", states=("confirmed", "confirmed", "pending"))


def seed(app: Flask, section: str = "AU") -> str | None:
    """Put the flood on the first case of the edition that runs as a demonstration, once, and have the worker count.

    :param section: the code of a section of this site.
    :returns: what was made, in words; ``None`` where somebody has signed already.
    """
    state = get_state(app)
    signed = select(Signature.id).where(Signature.section == section).limit(1)
    cases = (
        select(Case.slug)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section, Case.status == "active", Edition.is_demo)
        .order_by(Case.position, Case.id)
    )
    if read(app, lambda session: session.scalar(signed)) is not None:
        return None
    slugs = read(app, lambda session: list(session.scalars(cases)))
    if not slugs:
        return None
    now, chance = state.clock(), random.Random("flood")
    for number, slug in enumerate(slugs[:4]):
        moments = list(_ordinary(now, chance, busy=number == 0))
        _sign(app, section, slug, DAILY, moments, f"{number}-")
    for wave in (*FLOOD, CLASS):
        moments = sorted(now - LASTED * chance.random() for _ in range(wave.count))
        _sign(app, section, slugs[0], wave, moments)
    _open_forms(app, section)
    run_pulse(app)
    held = sum(wave.count for wave in FLOOD)
    return f"{held} made-up signatures are held on {slugs[0]!r}, all called Demo"


def _open_forms(app: Flask, section: str) -> None:
    """Somewhat more people opened a form than sent one. Robots post without looking."""
    looked = select(Signature.created_at, Signature.case_id).where(
        Signature.section == section, Signature.held_at.is_(None)
    )
    hours = Counter((hour_of(at), case_id) for at, case_id in read(app, lambda session: session.execute(looked).all()))

    def write(work: UnitOfWork) -> None:
        for (hour, case_id), count in sorted(hours.items()):
            for number in (case_id, WHOLE_SECTION):
                add_opened(work.session, section, hour, number, count + (count + 1) // 2)

    run(app, write)


def _ordinary(now: datetime, chance: random.Random, *, busy: bool) -> Iterator[datetime]:
    """A few in each hour, fewer by night."""
    hour = now - HISTORY
    while hour < now - LASTED:
        for _ in range(chance.randint(0, 2 if busy else 1) if 6 <= hour.hour <= 22 else chance.randint(0, 1)):
            yield hour + timedelta(minutes=chance.random() * 60)
        hour += timedelta(hours=1)


def _sign(app: Flask, section: str, slug: str, wave: Wave, moments: list[datetime], mark: str = "") -> None:
    def each(make: Callable[[datetime], Any]) -> Callable[[int], Any]:
        return lambda number: make(moments[number - 1])

    def state_of(number: int) -> str:
        return wave.states[number % len(wave.states)]

    make_signatures(
        app, slug, len(moments), section=section, first_name="Demo",
        last_name=lambda number: wave.last_name if wave.last_name != "Signer" else f"Signer {mark}{number}",
        email=lambda number: wave.email.format(f"{mark}{number}"),
        state=state_of,
        created_at=each(lambda moment: moment), updated_at=each(lambda moment: moment),
        confirmed_at=lambda number: moments[number - 1] if state_of(number) == "confirmed" else None,
        held_at=each(lambda moment: moment if wave.reasons else None),
        reasons=wave.reasons, score=sum(reason["score"] for reason in wave.reasons), captcha=wave.captcha,
        mail_domain=wave.mail_domain, **_network(app, wave, moments),
    )  # fmt: skip


def _network(app: Flask, wave: Wave, moments: list[datetime]) -> dict[str, Any]:
    """The columns that say where a signature came from: hashes under the day's key, never an address."""
    if wave.network is None:
        return {}
    keyring, tiers = get_state(app).keyring, network_tiers(wave.network)
    days = sorted({moment.date() for moment in moments})
    secrets = {day: run(app, lambda work, day=day: day_secret(work.session, keyring, day)) for day in days}
    hashes = {day: network_hashes(secret, tiers) for day, secret in secrets.items()}

    def tier(place: int) -> Callable[[int], bytes]:
        return lambda number: hashes[moments[number - 1].date()][place]

    return {
        "net_day": lambda number: moments[number - 1].date(),
        "net_host": tier(0), "net_site": tier(1), "net_block": tier(2),
    }  # fmt: skip


@click.command("flood")
@click.option("--section", default="AU", show_default=True, help="The section's code.")
@with_appcontext
def flood(section: str) -> None:
    """Put a made-up flood on a case, for the desk to deal with. Nobody gets a mail."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    click.echo(
        seed(app, section) or "Nothing was created: people have already signed here, or no demonstration is running."
    )
