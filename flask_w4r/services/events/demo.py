"""Made-up events for a demonstration, at real venues of Australia and New Zealand, each marked as not real."""

from __future__ import annotations

import re
import secrets
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import gettext, use_locale
from ...keyring import Keyring
from ...models import Case, Edition, Event, EventCase
from ...sections import Section
from ..campaign.catalogue import find_current
from .changes import touch

#: The venues are for sections of these countries; the others get an event online.
COUNTRIES = ("AU", "NZ")
_FIRST_IN, _EVERY, _WITHIN = 3, 2, 44
_CAPACITIES = (20, 30, 12, None, 8)
_ACCESS = ("step_free", "unknown", "step_free", "partly")
_LASTS = timedelta(hours=2)


@dataclass(frozen=True)
class _Plan:
    """One event to be."""

    name: str
    title: str
    kind: str
    visibility: str
    time_zone: str
    country: str
    town: str = ""
    venue: str = ""
    lat: float | None = None
    lon: float | None = None


def seed(session: Session, keyring: Keyring, section: Section, *, now: datetime) -> int:
    """Make the section's demonstration events, and move those that are over to days that lie ahead.

    :returns: how many are there.
    """
    with use_locale(section.default_locale):
        plans = list(_plans(section))
        text = gettext(
            "This event is fictional and for demonstration only. The venue knows nothing about it;"
            " please do not go there."
        )
    cases = _cases(session, section, now)
    known = {
        event.slug: event
        for event in session.scalars(
            select(Event).where(Event.section == section.code, Event.slug.in_([plan.name for plan in plans]))
        )
    }
    for number, plan in enumerate(plans):
        times = _times(plan, number, now)
        event = known.get(plan.name)
        if event is None:
            _make(session, keyring, section, plan, number, text, times, cases, now)
        elif event.is_demo and event.ends_at <= now:
            for name, value in {**times, "state": "published", "updated_at": now}.items():
                setattr(event, name, value)
            event.sequence += 1
            event.version += 1
    session.flush()
    touch(session, section, now)
    return len(plans)


def _plans(section: Section) -> Iterator[_Plan]:
    yield _Plan(
        "demo-online", gettext("Write together online"), "online", "exact", section.time_zone, section.country
    )  # fmt: skip
    if section.country not in COUNTRIES:
        return
    # At home: only the town is known, whoever asks.
    yield _Plan(
        "demo-at-home", gettext("Letters around the kitchen table"), "private", "approval", "Pacific/Auckland", "NZ",
        town="Dunedin", lat=-45.874, lon=170.503,
    )  # fmt: skip
    for venue in _venues():
        plain = unicodedata.normalize("NFKD", venue["name"]).encode("ascii", "ignore").decode().lower()
        yield _Plan(
            "demo-" + "-".join(re.findall(r"[a-z0-9]+", plain)),
            gettext("Letter writing: %(venue)s", venue=venue["name"]),
            "hybrid" if "University" in venue["name"] else "public",
            "exact",
            venue["time_zone"],
            venue["country"],
            venue["town"],
            venue["name"],
            venue["lat"],
            venue["lon"],
        )


def _venues() -> list[dict[str, Any]]:
    text = (resources.files("flask_w4r") / "places" / "demo_venues.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["venue"]
    return found


def _times(plan: _Plan, number: int, now: datetime) -> dict[str, Any]:
    """Evenings, and Saturdays before noon, on the event's own clock."""
    zone = ZoneInfo(plan.time_zone)
    day = now.astimezone(zone).date() + timedelta(days=_FIRST_IN + number * _EVERY % _WITHIN)
    local = datetime.combine(day, time(10, 30) if day.weekday() == 5 else time(18))
    return {
        "starts_local": local,
        "ends_local": local + _LASTS,
        "starts_at": local.replace(tzinfo=zone).astimezone(UTC),
        "ends_at": (local + _LASTS).replace(tzinfo=zone).astimezone(UTC),
    }


def _cases(session: Session, section: Section, now: datetime) -> Sequence[int]:
    """The active cases of the edition that runs."""
    editions = session.scalars(select(Edition).where(Edition.section == section.code)).all()
    current = find_current(editions, section, now)
    if current is None:
        return ()
    query = select(Case.id).where(Case.edition_id == current.id, Case.status == "active").order_by(Case.position)
    return session.scalars(query).all()


def _make(
    session: Session,
    keyring: Keyring,
    section: Section,
    plan: _Plan,
    number: int,
    text: str,
    times: dict[str, Any],
    cases: Sequence[int],
    now: datetime,
) -> None:
    is_online = plan.kind in ("online", "hybrid")
    secret = {
        "venue_name": plan.venue, "lat": plan.lat, "lon": plan.lon, "host_name": "Demo",
        "online_url": "https://example.org/demo" if is_online else "",
    }  # fmt: skip
    event = Event(
        section=section.code, slug=plan.name, uid=secrets.token_hex(16), sequence=0, state="published", kind=plan.kind,
        visibility=plan.visibility, title=plan.title, description=text, time_zone=plan.time_zone, town=plan.town,
        country=plan.country, public_lat=plan.lat, public_lon=plan.lon, secret=keyring.seal_json(secret),
        host_verified=False, host_version=1, locale=section.default_locale, languages=[section.default_locale],
        access_status="unknown" if plan.kind == "online" else _ACCESS[number % len(_ACCESS)], access_notes="",
        capacity=_CAPACITIES[number % len(_CAPACITIES)], seats_taken=0, pending_seats=0, waiting=0,
        availability="open", availability_at=now, reasons=[], score=0, is_demo=True, version=1, created_at=now,
        updated_at=now, published_at=now, **times,
    )  # fmt: skip
    session.add(event)
    session.flush()
    # Two or three cases each, in turn.
    for step in range(min(2 + number % 2, len(cases))):
        session.add(EventCase(event_id=event.id, case_id=cases[(number + step) % len(cases)]))
