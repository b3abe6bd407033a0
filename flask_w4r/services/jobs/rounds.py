"""What runs beside the web: sending mail, and sweeping away what is over.

The same functions serve ``flask w4r jobs run``, Celery tasks and tests.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...models import Consent, Rsvp, Signature, SpentProof
from ...state import Mailer, get_state
from ..audit import keep as audit_keep
from ..audit import verify as audit_verify
from ..hosting import jobs as event_jobs
from ..hosting import keep as event_keep
from ..mail import outbox as mail_outbox
from ..mail import send as mail
from ..moderation import pulse
from ..moderation.rule_list import purge_rules
from ..people import tokens
from ..people.networks import forget_networks, purge_day_keys
from ..petitions import invalidation_run
from ..storage.rows import execute
from ..storage.unit_of_work import run

log = logging.getLogger("flask_w4r.jobs")

#: A link that expired still finds its page, which offers a new one, for so long.
EXPIRED_TOKENS_KEPT = timedelta(days=30)
PURGE_EVERY = 3600.0
#: Seconds between two looks at the outbox, at first and at most while something is away.
LONGEST_WAIT = 60.0
_CHUNK = 500


@dataclass(frozen=True)
class Tools:
    """What jobs need from outside the services, and how they should work."""

    render: mail.Render
    mailer: Mailer
    batch: int = 20
    lease_seconds: float = 120
    stop: Event = field(default_factory=Event)
    #: A job that could go on for long gives the others a turn after so many seconds; it goes on in the next round.
    turn_seconds: float = 30


def send_mail(app: Any, tools: Tools) -> dict[str, Any]:
    """Send every mail that is due. Returns what was done, by name."""
    report = mail.run_due(
        app,
        render=tools.render,
        mailer=tools.mailer,
        batch=tools.batch,
        lease_seconds=tools.lease_seconds,
        stop=tools.stop.is_set,
    )
    return report.as_dict()


def invalidate(app: Any, tools: Tools) -> dict[str, Any]:
    """Run the invalidations and undos that wait. Returns how many signatures each touched."""
    ends = time.monotonic() + tools.turn_seconds
    return dict(
        invalidation_run.run_due(
            app,
            stop=lambda: tools.stop.is_set() or time.monotonic() >= ends,
            lease_seconds=tools.lease_seconds,
        )
    )


def purge(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Delete what is over: old links, spent captcha proofs, records of mail, day keys, unconfirmed
    signatures and RSVPs, and who came to events and hosted them.

    :returns: how many of each went.
    """
    state = get_state(app)
    now, kept = state.clock(), state.config.retention

    def sweep(function: Callable[[Session], int]) -> int:
        return run(app, lambda work: function(work.session))

    def forget_log(session: Session) -> int:
        before = now - timedelta(days=kept["audit_days"])
        codes = audit_verify.sections_logged(session)
        return sum(
            audit_keep.let_go(session, state.keyring, code, before=before, now=now, limit=_CHUNK) for code in codes
        )

    def forget_rules(session: Session) -> int:
        return sum(purge_rules(session, state.keyring, section, now=now) for section in state.sections.values())

    mailed_before = now - timedelta(days=kept["sent_mail_days"])
    pending_before = now - timedelta(days=kept["pending_days"])
    gone = {
        "tokens": sweep(lambda session: tokens.purge(session, before=now - EXPIRED_TOKENS_KEPT)),
        "proofs": sweep(partial(_purge_proofs, now=now)),
        "mails": sweep(lambda session: mail_outbox.purge_outbox(session, before=mailed_before)),
        "day_keys": sweep(lambda session: purge_day_keys(session, now.date())),
        "rules": sweep(forget_rules),
        "pulse": sweep(partial(pulse.purge_pulse, now=now)),
    }
    # In chunks, so that no transaction holds many rows for long.
    chunked: dict[str, Callable[[Session], int]] = {
        "pending_signatures": partial(_purge_pending, before=pending_before),
        "pending_rsvps": partial(_purge_pending_rsvps, before=pending_before),
        "events": partial(event_keep.forget_people, before=now - timedelta(days=kept["event_days"]), limit=_CHUNK),
        "networks": partial(forget_networks, today=now.date(), limit=_CHUNK),
        "log_entries": forget_log,
    }
    for name, function in chunked.items():
        gone[name] = 0
        while count := sweep(function):
            gone[name] += count
            if tools is not None and tools.stop.is_set():
                return gone
    return gone


def _purge_proofs(session: Session, *, now: datetime) -> int:
    return execute(session, delete(SpentProof).where(SpentProof.expires_at < now))


def _purge_pending(session: Session, *, before: datetime) -> int:
    # The lock keeps a confirmation that comes at this moment from being half deleted.
    old = select(Signature.id).where(Signature.state == "pending", Signature.updated_at < before)
    ids = session.scalars(old.order_by(Signature.id).limit(_CHUNK).with_for_update()).all()
    if not ids:
        return 0
    execute(session, delete(Consent).where(Consent.signature_id.in_(ids)))
    return execute(session, delete(Signature).where(Signature.id.in_(ids), Signature.state == "pending"))


def _purge_pending_rsvps(session: Session, *, before: datetime) -> int:
    # What still holds seats is swept first, with its event locked.
    gone = (Rsvp.state == "pending", Rsvp.seats_held == 0, Rsvp.updated_at < before)
    ids = session.scalars(select(Rsvp.id).where(*gone).order_by(Rsvp.id).limit(_CHUNK).with_for_update()).all()
    return execute(session, delete(Rsvp).where(Rsvp.id.in_(ids), *gone)) if ids else 0


#: Every job by name.
JOBS: Mapping[str, Callable[[Any, Tools], dict[str, Any]]] = {
    "daily": audit_keep.mail_heads,
    "events": event_jobs.run_events,
    "invalidate": invalidate,
    "pulse": pulse.run_pulse,
    "mail": send_mail,
    "purge": purge,
}


def run_once(app: Any, tools: Tools) -> dict[str, dict[str, Any]]:
    """Run every job once. Returns what each did.

    :raises sqlalchemy.exc.DBAPIError: the database is away.
    """
    return {name: job(app, tools) for name, job in JOBS.items()}


def run_until_stopped(
    app: Any, tools: Tools, *, interval: float, report: Callable[[str, dict[str, Any]], None] = lambda name, done: None
) -> None:
    """Run jobs until ``tools.stop`` is set: mail every ``interval`` seconds, the desk's numbers and what is due for
    events every fifteen, the sweep every hour.

    A database or a mail server that is away is logged and asked again, less and less often, up to once a minute.

    :param report: called after each job that did something.
    """
    next_purge = next_pulse = next_events = time.monotonic()
    wait = interval
    while not tools.stop.is_set():
        troubled = False
        # Events first: what they bring to the outbox leaves at once.
        names = ["events"] if time.monotonic() >= next_events else []
        names += ["mail", "invalidate"]
        if time.monotonic() >= next_pulse:
            names.append("pulse")
        if time.monotonic() >= next_purge:
            names += ["daily", "purge"]
        for name in names:
            try:
                done = JOBS[name](app, tools)
            except Exception as error:  # The worker outlives whatever befell one round.
                # The text of a database error holds the statement's parameters, so only its class is logged.
                log.error("job %s: %s; trying again", name, type(error).__name__)
                troubled = True
                continue
            if name == "purge":
                next_purge = time.monotonic() + PURGE_EVERY
            if name == "events":
                next_events = time.monotonic() + event_jobs.EVENTS_EVERY
            if name == "pulse":
                next_pulse = time.monotonic() + pulse.PULSE_EVERY
            troubled = troubled or bool(done.get("interrupted"))
            if any(done.values()):
                report(name, done)
        wait = min(max(wait, interval) * 2, max(LONGEST_WAIT, interval)) if troubled else interval
        tools.stop.wait(wait)
