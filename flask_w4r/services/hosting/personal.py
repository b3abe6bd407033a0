"""What is held of somebody who hosts: their events, and what they reported; see ``seam.Holds``.

A host can go while the event stays: its venue takes guests without them. What is in a home of theirs does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date, time_span
from ...keyring import Keyring
from ...models import Event, EventCase, Report
from ...seam import Held, Holds
from ...sections import Section
from ...signals import event_cancelled
from ..campaign.views import Lens
from ..people import owners
from ..rsvps.seats import lock_event
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from . import lifecycle
from .draft import host_scope, secret_of

STATES: Mapping[str, Any] = {
    "unconfirmed": lazy_gettext("Waiting for you to confirm your email address"),
    "submitted": lazy_gettext("With our team"),
    "published": lazy_gettext("Published"),
    "rejected": lazy_gettext("Not published"),
    "cancelled": lazy_gettext("The event was cancelled"),
    "over": lazy_gettext("Over"),
}
#: What is the host's own of what is sealed with an event.
_OWN = ("host_name", "host_email")


def _of_address(session: Session, keyring: Keyring, section: Section, canonical: str) -> list[Event]:
    indexes = keyring.blinds(host_scope(section), canonical)
    query = select(Event).where(Event.section == section.code, Event.host_index.in_(indexes))
    return list(session.scalars(query.order_by(Event.id)))


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The events that an address hosts, the latest first."""
    found = _of_address(session, keyring, lens.section, canonical)
    return [_held(keyring, event) for event in sorted(found, key=lambda event: event.starts_at, reverse=True)]


def _held(keyring: Keyring, event: Event) -> Held:
    secret = secret_of(event, keyring)
    facts = [
        (gettext("Status"), str(STATES[event.state])),
        (gettext("When"), time_span(event.starts_at, event.ends_at, event.time_zone)),
        (gettext("Name"), secret.get("host_name", "")),
        (gettext("Email address"), secret.get("host_email", "")),
        (gettext("Venue"), secret.get("venue_name", "")),
        (gettext("Address"), secret.get("address", "")),
        (gettext("Online link"), secret.get("online_url", "")),
    ]
    names = ("host_name", "host_email", "venue_name", "address", "lat", "lon", "online_url")
    data = {
        "event": event.slug, "title": event.title, "description": event.description, "state": event.state,
        "kind": event.kind, "starts_at": event.starts_at.isoformat(), "ends_at": event.ends_at.isoformat(),
        "created_at": event.created_at.isoformat(), **{name: secret.get(name) for name in names},
    }  # fmt: skip
    return Held(event.slug, event.title, [pair for pair in facts if pair[1]], data, ways=("leave",))


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """The host goes; what goes with them, :func:`_leave` says."""
    found = _of_address(work.session, work.state.keyring, section, canonical)
    mine = [event for event in found if before is None or event.created_at <= before]
    for event in mine:
        _leave(work, section, event.id)
    return len(mine)


def _leave(work: UnitOfWork, section: Section, number: int) -> None:
    """The host's name and address go. An event in their home is cancelled, and so is one that the desk has not seen."""
    session, state, now = work.session, work.state, work.state.clock()
    event = lock_event(session, section, number)
    if event is None:
        return
    if event.state == "unconfirmed":
        execute(session, delete(EventCase).where(EventCase.event_id == number))
        execute(session, delete(Event).where(Event.id == number))
        session.expunge(event)
        return
    at_home, unseen = event.kind == "private", event.state == "submitted" and event.published_at is None
    if at_home or unseen:
        done = lifecycle.cancel(session, state.keyring, section, number, now=now)
        if done.outcome == "cancelled":
            work.emit(event_cancelled, event_id=number, section=section.code)
    stays = event.state in ("published", "submitted") and event.ends_at > now
    rest = {key: value for key, value in secret_of(event, state.keyring).items() if key not in _OWN}
    event.secret = state.keyring.seal_json(rest) if stays and rest else None
    event.host_index = None
    event.host_verified = False
    event.host_version += 1
    event.version += 1
    event.updated_at = now
    execute(session, update(Report).where(Report.hosted_id == number).values(note=None))
    session.flush()


def act(work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]) -> bool:
    """Host one event no more."""
    if way != "leave":
        return False
    mine = [event for event in _of_address(work.session, work.state.keyring, section, canonical) if event.slug == key]
    for event in mine:
        _leave(work, section, event.id)
    return bool(mine)


def show_reports(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """What a host reported of their events. It goes with the host."""
    events = {event.id: event for event in _of_address(session, keyring, lens.section, canonical)}
    found = []
    for row in session.scalars(select(Report).where(Report.hosted_id.in_(events)).order_by(Report.id)):
        event, note = events[row.hosted_id or 0], keyring.open(row.note) if row.note else ""
        facts = [(gettext("Reported on"), long_date(row.created_at)), (gettext("What you wrote"), note)]
        data = {
            "event": event.slug, "state": row.state, "people": row.people, "counts": row.counts, "note": note or None,
            "reported_at": row.created_at.isoformat(),
        }  # fmt: skip
        found.append(Held(event.slug, event.title, [pair for pair in facts if pair[1]], data))
    return found


EVENTS = Holds(
    "events", lazy_gettext("Events you host"), show, erase, act, owners.addresses(Event, Event.secret, "host_email")
)
REPORTS = Holds("event_reports", lazy_gettext("Reports from your events"), show_reports, listed="reports")
