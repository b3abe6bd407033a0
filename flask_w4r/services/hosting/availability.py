"""What everybody sees of an event's seats: open, few or full, and not before five minutes of the clock are round."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, exists, or_, select, update
from sqlalchemy.orm import Session

from ...models import Event, Rsvp
from ...sections import Section
from ..events import changes as event_changes
from ..storage.rows import execute

#: What is shown of the seats is renewed on the round five minutes of the clock, so that no guest is seen to come.
AVAILABILITY_EVERY = timedelta(minutes=5)
#: Few: so many seats are left, or such a part of them.
FEW_SEATS, FEW_SHARE = 3, 5


def slot_of(now: datetime) -> datetime:
    """The round five minutes of the clock that a moment is in."""
    seconds = AVAILABILITY_EVERY // timedelta(seconds=1)
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def shown_availability() -> Any:
    """``open``, ``few`` or ``full``, in SQL, from the seats of those who proved their mailbox. While parties wait
    nobody else gets a seat."""
    left = Event.capacity - (Event.seats_taken - Event.pending_seats)
    # As ``rsvps.seats.in_line``: one that is larger than the whole event keeps nobody waiting.
    in_line = exists().where(
        Rsvp.event_id == Event.id, Rsvp.state == "waitlisted", Rsvp.held_at.is_(None), Rsvp.party_size <= Event.capacity
    )
    return case(
        (Event.capacity.is_(None), "open"),
        (or_(left <= 0, and_(Event.waiting > 0, in_line)), "full"),
        (or_(left <= FEW_SEATS, left * FEW_SHARE <= Event.capacity), "few"),
        else_="open",
    )


def _stale(codes: Collection[str], slot: datetime, now: datetime) -> Any:
    return and_(
        Event.section.in_(codes), Event.state == "published", Event.starts_at > now, Event.availability_at < slot,
        Event.availability != shown_availability(),
    )  # fmt: skip


def stale_sections(session: Session, codes: Collection[str], slot: datetime, now: datetime) -> Sequence[str]:
    """Those of some sections with a coming event that shows something else than is so, in one question.

    :param codes: the sections.
    :param slot: an event that was renewed since is left out.
    """
    stale = select(Event.section).where(_stale(codes, slot, now)).distinct()
    return session.scalars(stale.order_by(Event.section)).all()


def renew(session: Session, section: Section, slot: datetime, *, now: datetime) -> int:
    """Bring up to date what is shown of the seats of a section's coming events.

    :param slot: an event that was renewed since is left as it is.
    :returns: how many events show something else now.
    """
    stale = _stale([section.code], slot, now)
    ids: Sequence[int] = session.scalars(select(Event.id).where(stale).order_by(Event.id)).all()
    renewed = 0
    for start in range(0, len(ids), 500):
        some = update(Event).where(Event.id.in_(ids[start : start + 500]), stale)
        renewed += execute(session, some.values(availability=shown_availability(), availability_at=now))
    if renewed:
        event_changes.touch(session, section, now)
    return renewed
