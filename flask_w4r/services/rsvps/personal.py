"""What is held of somebody who comes to events; see ``seam.Holds``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date, time_span
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from . import lifecycle
from .ask import email_scope
from .run import tell

STATES: Mapping[str, Any] = {
    "pending": lazy_gettext("Waiting for you to confirm your email address"),
    "going": lazy_gettext("You are coming"),
    "waitlisted": lazy_gettext("On the waiting list"),
    "offered": lazy_gettext("A place is being offered to you"),
    "expired": lazy_gettext("The offer has ended"),
    "cancelled": lazy_gettext("Your place was cancelled"),
}
#: Values in one IN list.
_CHUNK = 500


def _of_address(session: Session, keyring: Keyring, section: Section, canonical: str) -> list[tuple[Rsvp, Event]]:
    known = exists().where(Rsvp.event_id == Event.id, Rsvp.email_index.is_not(None))
    among = session.scalars(select(Event.id).where(Event.section == section.code, known).order_by(Event.id)).all()
    return [pair for some in _chunks(among) for pair in _in(session, keyring, section, canonical, some)]


def _chunks(among: Sequence[int]) -> Iterator[Sequence[int]]:
    return (among[start : start + _CHUNK] for start in range(0, len(among), _CHUNK))


def _in(
    session: Session, keyring: Keyring, section: Section, canonical: str, among: Sequence[int]
) -> list[tuple[Rsvp, Event]]:
    indexes = [index for number in among for index in keyring.blinds(email_scope(section, number), canonical)]
    query = select(Rsvp, Event).join(Event, Event.id == Rsvp.event_id)
    found = session.execute(query.where(Rsvp.event_id.in_(among), Rsvp.email_index.in_(indexes)).order_by(Event.id))
    return [(row, event) for row, event in found]


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The RSVPs of an address, the latest event first."""
    found = _of_address(session, keyring, lens.section, canonical)
    return [
        _held(keyring, row, event) for row, event in sorted(found, key=lambda pair: pair[1].starts_at, reverse=True)
    ]


def _held(keyring: Keyring, row: Rsvp, event: Event) -> Held:
    person: dict[str, Any] = keyring.open_json(row.person) if row.person else {}
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("When"), time_span(event.starts_at, event.ends_at, event.time_zone)),
        (gettext("How many of you"), str(row.party_size)),
        (gettext("Name"), person.get("name", "")),
        (gettext("Email address"), person.get("email", "")),
        (gettext("Access needs"), person.get("access_needs", "")),
        (gettext("Asked on"), long_date(row.created_at)),
    ]
    data = {
        "event": event.slug, "state": row.state, "name": person.get("name"), "email": person.get("email"),
        "party_size": row.party_size, "access_needs": person.get("access_needs"),
        "access_consent": row.access_consent, "locale": row.locale, "asked_at": row.created_at.isoformat(),
        "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
    }  # fmt: skip
    return Held(event.slug, event.title, [pair for pair in facts if pair[1]], data, ways=("leave",))


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Seats are given back, and nothing tells who came."""
    found = _of_address(work.session, work.state.keyring, section, canonical)
    mine = [(row, event) for row, event in found if before is None or row.created_at <= before]
    for row, event in mine:
        _leave(work, section, row.id, event)
    return len(mine)


def _leave(work: UnitOfWork, section: Section, number: int, event: Event) -> None:
    state, now = work.state, work.state.clock()
    if event.starts_at > now:
        tell(work, section, lifecycle.cancel(work.session, state.keyring, section, event.id, number, now=now))
        work.session.flush()
    gone = update(Rsvp).where(Rsvp.id == number, Rsvp.section == section.code)
    execute(
        work.session,
        gone.values(
            person=None, email_index=None, access_consent=False, reasons=[], held_at=None, version=Rsvp.version + 1,
            updated_at=now,
        ),
    )  # fmt: skip
    work.session.expire_all()


def act(work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]) -> bool:
    """Come no more, and leave nothing behind."""
    if way != "leave":
        return False
    found = _of_address(work.session, work.state.keyring, section, canonical)
    mine = [(row, event) for row, event in found if event.slug == key]
    for row, event in mine:
        _leave(work, section, row.id, event)
    return bool(mine)


RSVPS = Holds(
    "rsvps", lazy_gettext("Events you come to"), show, erase, act, owners.addresses(Rsvp, Rsvp.person, "email")
)
