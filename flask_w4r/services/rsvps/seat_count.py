"""Is what events keep of their seats what their parties hold?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from ...models import Event, Rsvp
from ...sections import Section
from .seats import HOLDING, lock_event

FIELDS = ("seats_taken", "pending_seats", "waiting")


@dataclass(frozen=True)
class SeatDrift:
    """An event whose kept numbers differ from its rows. ``kept`` and ``counted`` are by field."""

    event_id: int
    slug: str
    kept: dict[str, int]
    counted: dict[str, int]
    #: The parties hold more seats than the event has: only people can mend that.
    is_oversold: bool = False

    @property
    def text(self) -> str:
        """What differs, in words for the log: no slug, which may be a secret of an unlisted event."""
        differing = [name for name in FIELDS if self.kept[name] != self.counted[name]]
        words = [f"{name} kept {self.kept[name]}, counted {self.counted[name]}" for name in differing]
        return "; ".join([*words, *(["more seats held than there are"] if self.is_oversold else [])])


def compared(session: Session, section: Section) -> int:
    """How many events of a section there are to compare."""
    return session.scalar(select(func.count()).select_from(Event).where(Event.section == section.code)) or 0


def suspects(
    session: Session, codes: Collection[str], *, ending_after: datetime | None = None
) -> Sequence[tuple[str, int]]:
    """Compare what each event of some sections keeps with the rows of its parties, in one question.

    :param codes: the sections.
    :param ending_after: only events that end after this moment.
    :returns: section and id of those that seem to differ, for :func:`count_again`.
    """
    wanted: list[Any] = [Event.section.in_(codes)]
    if ending_after is not None:
        wanted.append(Event.ends_at > ending_after)
    return [(code, number) for code, number in session.execute(_differing(wanted).order_by(Event.section, Event.id))]


def count_again(session: Session, section: Section, event_id: int, *, fix: bool = False) -> SeatDrift | None:
    """Lock an event that seems to differ and count once more, so that nothing under way is taken for a fault.

    :param fix: correct it, save where it is oversold. Seats that come free by that are the caller's to offer.
    :returns: what differs; ``None`` when nothing does.
    """
    event = lock_event(session, section, event_id)
    if event is None:
        return None
    counted = count_seats(session, event_id)
    kept = {name: int(getattr(event, name)) for name in FIELDS}
    if kept == counted:
        return None
    oversold = event.capacity is not None and counted["seats_taken"] > event.capacity
    if fix and not oversold:
        for name in FIELDS:
            setattr(event, name, counted[name])
        session.flush()
    return SeatDrift(event_id, event.slug, kept, counted, oversold)


def count_seats(session: Session, event_id: int) -> dict[str, int]:
    """Count what the parties of one event hold, by field."""
    row = session.execute(select(*_sums()).where(Rsvp.event_id == event_id)).one()
    return {name: int(value) for name, value in zip(FIELDS, row, strict=True)}


def _sums() -> tuple[Any, ...]:
    def total(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    # A party that holds seats in a state that may hold none is a fault too: those seats count as free.
    return (
        total(Rsvp.state.in_(HOLDING), Rsvp.seats_held),
        total(Rsvp.state == "pending", Rsvp.seats_held),
        total(and_(Rsvp.state == "waitlisted", Rsvp.held_at.is_(None)), 1),
    )


def _differing(wanted: list[Any]) -> Any:
    seats, pending, waiting = _sums()
    return (
        select(Event.section, Event.id)
        .outerjoin(Rsvp, Rsvp.event_id == Event.id)
        .where(*wanted)
        .group_by(Event.section, Event.id, Event.seats_taken, Event.pending_seats, Event.waiting)
        .having(or_(Event.seats_taken != seats, Event.pending_seats != pending, Event.waiting != waiting))
    )
