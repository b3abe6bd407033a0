"""Seats: claimed by one conditional UPDATE, released on every path, and offered to the waiting list in order.

Whoever holds the event's row holds all of its seats and its waiting list: the claim takes that row as the first
statement of its transaction, everything else locks it first. So no two acts on one event run at once, on any database.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, func, or_, select, update
from sqlalchemy.orm import Session

from ...errors import insist
from ...models import Event, Rsvp
from ...sections import Section

#: How long an unconfirmed claim holds its seats (contract 4).
PENDING_HOLDS = timedelta(minutes=30)
#: Unconfirmed claims fill at most this part of the capacity, or one party.
PENDING_SHARE = 4
#: How long an offer from the waiting list holds, and never past the beginning.
OFFER_HOLDS = timedelta(hours=24)
#: States that may hold seats.
HOLDING = ("pending", "offered", "going")


def claim(session: Session, section: Section, event_id: int, seats: int, *, pending: bool, now: datetime) -> bool:
    """Take seats if there are any: the first statement of its transaction.

    Nobody passes the waiting list: while a party waits, there are none.

    :param pending: not confirmed yet; such claims fill a quarter of the capacity at most, or one party.
    :returns: whether they were taken. Either way the event's row is locked from here on.
    :raises BadValue: fewer than one are asked for.
    """
    insist(seats >= 1, "seats", "be at least 1")
    free = Event.seats_taken + seats <= Event.capacity
    if pending:
        few = or_(Event.pending_seats == 0, (Event.pending_seats + seats) * PENDING_SHARE <= Event.capacity)
        free = free & few
    statement = (
        update(Event)
        .where(
            Event.id == event_id,
            Event.section == section.code,
            Event.state == "published",
            Event.closed_at.is_(None),
            Event.starts_at > now,
            Event.waiting == 0,
            or_(Event.capacity.is_(None), free),
        )
        .values(
            seats_taken=Event.seats_taken + seats,
            pending_seats=Event.pending_seats + (seats if pending else 0),
        )
        .execution_options(synchronize_session=False)
    )
    if _rows(session.execute(statement)):
        return True
    session.execute(select(Event.id).where(Event.id == event_id).with_for_update())
    return False


def lock_event(session: Session, section: Section, event_id: int) -> Event | None:
    """The event as it stands now, kept from others until the transaction ends."""
    return session.scalars(
        select(Event)
        .where(Event.id == event_id, Event.section == section.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def lock_rsvp(session: Session, rsvp_id: int) -> Rsvp | None:
    """The RSVP as it stands now. Lock its event first."""
    return session.scalars(
        select(Rsvp).where(Rsvp.id == rsvp_id).with_for_update().execution_options(populate_existing=True)
    ).first()


def give_back(event: Event, rsvp: Rsvp, seats: int | None = None) -> None:
    """Release seats that a party holds, all of them unless said otherwise. The event is locked."""
    seats = rsvp.seats_held if seats is None else seats
    event.seats_taken -= seats
    if rsvp.state == "pending":
        event.pending_seats -= seats
    rsvp.seats_held -= seats


def fits(event: Event, seats: int) -> bool:
    """Whether so many seats are free, whoever waits for them. The event is locked."""
    return event.capacity is None or event.seats_taken + seats <= event.capacity


def claims_again(event: Event, seats: int, had: int) -> bool:
    """Whether a pending party that just gave back ``had`` seats may claim ``seats`` instead. The event is locked.

    Asking twice must not cost anybody their place: as many as before are theirs, whoever waits.
    """
    if not fits(event, seats):
        return False
    few = event.capacity is None or not event.pending_seats
    few = few or (event.pending_seats + seats) * PENDING_SHARE <= (event.capacity or 0)
    return seats <= had or (few and event.waiting == 0)


def in_line(event: Event) -> list[ColumnElement[bool]]:
    """Which of an event's parties wait for seats, and may get some. Not so one that the checks hold, nor one that is
    larger than the whole event since the host made it smaller: it would keep everybody waiting for ever."""
    found = [Rsvp.event_id == event.id, Rsvp.state == "waitlisted", Rsvp.held_at.is_(None)]
    return found if event.capacity is None else [*found, Rsvp.party_size <= event.capacity]


def someone_waits(session: Session, event: Event) -> bool:
    """Whether there is a party in the line that nobody may pass. The event is locked."""
    return event.waiting > 0 and session.scalar(select(Rsvp.id).where(*in_line(event)).limit(1)) is not None


def join_list(session: Session, event: Event, rsvp: Rsvp, now: datetime) -> None:
    """Put a party at the end of the waiting list. The event is locked.

    The end is after everybody who stands there: the clocks of two servers may differ, and who came later but got hold
    of the row first must not be passed. A held party has its place and is not counted: it keeps nobody waiting.
    """
    waiting = (Rsvp.event_id == event.id, Rsvp.state == "waitlisted", Rsvp.id != rsvp.id)
    last = session.scalar(select(func.max(Rsvp.waitlisted_at)).where(*waiting))
    if rsvp.state != "waitlisted" and rsvp.held_at is None:
        event.waiting += 1
    rsvp.state = "waitlisted"
    rsvp.waitlisted_at = now if last is None or last < now else last + timedelta(microseconds=1)


def leave_list(event: Event, rsvp: Rsvp) -> None:
    """A waiting party waits no more; give it another state next. The event is locked."""
    if rsvp.state == "waitlisted":
        if rsvp.held_at is None:
            event.waiting -= 1
        rsvp.waitlisted_at = None


def promote(session: Session, event: Event, *, now: datetime) -> list[Rsvp]:
    """Offer free seats to the waiting list: strictly first come, first served, so that a large party at its head is
    not passed by smaller ones. An offer holds its seats until it ends.

    Those who cannot be served (:func:`in_line`) are passed.

    Call it, the event locked, wherever seats may have come free.

    :returns: the parties that were offered seats now; the caller tells them.
    """
    offered: list[Rsvp] = []
    session.flush()
    while event.waiting > 0 and event.state == "published" and event.closed_at is None and event.starts_at > now:
        first = session.scalars(
            select(Rsvp)
            .where(*in_line(event))
            .order_by(Rsvp.waitlisted_at, Rsvp.id)
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if first is None or not fits(event, first.party_size):
            break
        event.waiting -= 1
        event.seats_taken += first.party_size
        first.seats_held = first.party_size
        first.state = "offered"
        first.waitlisted_at = None
        first.due_at = min(now + OFFER_HOLDS, event.starts_at)
        first.version += 1
        first.updated_at = now
        offered.append(first)
        session.flush()
    return offered


def _rows(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
