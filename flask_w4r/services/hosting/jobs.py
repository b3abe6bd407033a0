"""What the worker does for events: claims and offers that ended, reminders, the shown availability, and the end.

Each piece is a short transaction of its own about one event, which is locked first, so any number of workers may run
side by side, and one that is killed leaves all or nothing of a piece.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ...state import W4RState, get_state
from ..events import changes as event_changes
from ..reports import hosted
from ..rsvps import lifecycle as rsvps
from ..rsvps import mail as rsvp_mail
from ..rsvps import run as rsvp_run
from ..rsvps import seat_count
from ..rsvps.mail import FRESH, REMINDERS, mark_of
from ..rsvps.seats import lock_event
from ..storage.unit_of_work import UnitOfWork, read, run
from . import availability, mail

T = TypeVar("T")
log = logging.getLogger("flask_w4r.events")

#: Seconds between two looks.
EVENTS_EVERY = 15.0
#: So many events of a kind in one round; the others come in the next.
ROUND = 200
#: A host whose event ended longer ago is asked for no numbers any more.
ASK_WITHIN = timedelta(days=14)
RECOUNT_EVERY = timedelta(days=1)


@dataclass
class Rhythm:
    """What one process remembers between two rounds."""

    availability: datetime | None = None
    recounted: datetime | None = None
    #: Reminders that everybody has who is to have one: (event, name, beginning).
    reminded: set[tuple[int, str, datetime]] = field(default_factory=set)


def run_events(app: Any, tools: Any = None) -> dict[str, Any]:
    """Do everything that is due for events.

    :param app: the Flask app.
    :param tools: as every job is given; ``stop`` ends the round between two events.
    :returns: how many offers and claims were swept, seats offered, guests reminded, availabilities renewed, events
        over and hosts asked; and how many kept seat counts were found wrong.
    """
    state = get_state(app)
    rhythm: Rhythm = state.once("event_rhythm", Rhythm)
    stop: Callable[[], bool] = tools.stop.is_set if tools is not None else lambda: False
    done = {"swept": 0, "offered": 0, "reminded": 0, "renewed": 0, "over": 0, "asked": 0, "drifts": 0}
    for step in (_sweep, _end, _remind, _renew, _recount):
        if stop():
            break
        for name, count in step(app, state, rhythm, stop).items():
            done[name] += count
    return done


def _each(
    app: Any, state: W4RState, due: Any, stop: Callable[[], bool], work: Callable[[UnitOfWork, Section, Any], T]
) -> Iterator[tuple[Any, T]]:
    """Do ``work`` for each row of ``due``, in a transaction of its own. One that cannot be done stops no other.

    :yields: the row, and what its work returned.
    """
    for row in read(app, lambda session: session.execute(due).all()):
        if stop():
            return
        section = state.sections[row.section]
        try:
            done = run(app, lambda unit, section=section, row=row: work(unit, section, row))  # type: ignore[misc]
        except DBAPIError:
            raise
        except Exception as error:
            log.error("event %d of %s: %s", row.event_id, section.code, type(error).__name__)
            continue
        yield row, done


def _sweep(app: Any, state: W4RState, rhythm: Rhythm, stop: Callable[[], bool]) -> dict[str, int]:
    now = state.clock()
    due = (
        select(Rsvp.section, Rsvp.event_id)
        .where(Rsvp.state.in_(("pending", "offered")), Rsvp.due_at <= now, Rsvp.section.in_(list(state.sections)))
        .distinct()
        .limit(ROUND)
    )

    def work(unit: UnitOfWork, section: Section, row: Any) -> rsvps.Done:
        done = rsvps.expire(unit.session, state.keyring, section, row.event_id, now=now)
        rsvp_run.tell(unit, section, done)
        return done

    swept = [done for _, done in _each(app, state, due, stop, work)]
    return {"swept": len(swept), "offered": sum(len(done.offered) for done in swept)}


def _end(app: Any, state: W4RState, rhythm: Rhythm, stop: Callable[[], bool]) -> dict[str, int]:
    now = state.clock()
    due = (
        select(Event.section, Event.id.label("event_id"))
        .where(Event.state == "published", Event.ends_at <= now, Event.section.in_(list(state.sections)))
        .order_by(Event.ends_at)
        .limit(ROUND)
    )

    def work(unit: UnitOfWork, section: Section, row: Any) -> tuple[bool, bool]:
        return end_event(unit.session, state.keyring, section, row.event_id, now=now)

    ended = [done for _, done in _each(app, state, due, stop, work)]
    return {"over": sum(over for over, _ in ended), "asked": sum(asked for _, asked in ended)}


def end_event(
    session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime
) -> tuple[bool, bool]:
    """An event that ended is over, and its host is asked once for numbers.

    :returns: whether it is over by this, and whether the host was asked.
    """
    event = lock_event(session, section, event_id)
    if event is None or event.state != "published" or event.ends_at > now:
        return False, False
    event.state, event.updated_at = "over", now
    known = hosted.find(session, event_id)
    late = event.ends_at <= now - ASK_WITHIN
    asked = known is None and not late and not event.is_demo and event.report_asked_at is None
    if asked:
        event.report_asked_at = now
        mail.enqueue(session, keyring, section, event, "event_report", now=now)
    session.flush()
    event_changes.touch(session, section, now)
    return True, asked


def _remind(app: Any, state: W4RState, rhythm: Rhythm, stop: Callable[[], bool]) -> dict[str, int]:
    now = state.clock()
    rhythm.reminded = {known for known in rhythm.reminded if known[2] > now}
    reminded = 0
    for name, lead in REMINDERS:
        due = (
            select(Event.section, Event.id, Event.starts_at)
            .where(
                Event.section.in_(list(state.sections)), Event.state == "published", Event.starts_at > now,
                Event.starts_at <= now + lead, Event.seats_taken > 0,
            )
            .order_by(Event.starts_at)
        )  # fmt: skip
        found = read(app, lambda session, due=due: session.execute(due).all())  # type: ignore[misc]
        fresh = [row for row in found if (row.id, name, row.starts_at) not in rhythm.reminded]
        lacking = read(app, partial(_lacking, rows=fresh, name=name)) if fresh else frozenset()
        for row in fresh:
            more = row.id in lacking
            work = partial(_remind_some, state, state.sections[row.section], row.id, name, now)
            while more:
                if stop():
                    return {"reminded": reminded}
                count, more = run(app, work)
                reminded += count
            rhythm.reminded.add((row.id, name, row.starts_at))
    return {"reminded": reminded}


def _lacking(session: Session, rows: Sequence[Any], name: str) -> frozenset[int]:
    """Which events have guests without this reminder, by their ids; asked for all of them together."""
    marks = {row.id: mark_of(name, row) for row in rows}
    numbers, lacking = list(marks), set()
    for start in range(0, len(numbers), 500):
        some = Rsvp.event_id.in_(numbers[start : start + 500])
        going = select(Rsvp.event_id, Rsvp.reminded).where(some, Rsvp.state == "going")
        try:
            lacking |= {number for number, said in session.execute(going) if marks[number] not in said}
        except (TypeError, ValueError):
            # A row that cannot be read must not keep the others from their mail: each event is looked at alone.
            lacking |= set(numbers[start : start + 500])
    return frozenset(lacking)


def _remind_some(
    state: W4RState, section: Section, number: int, name: str, now: datetime, work: UnitOfWork
) -> tuple[int, bool]:
    try:
        with work.session.begin_nested():
            return remind_guests(work.session, state.keyring, section, number, name, now=now)
    except DBAPIError:
        raise
    except Exception as error:  # One event that cannot be read stops no other.
        log.error("event %d of %s: %s", number, section.code, type(error).__name__)
        return 0, False


def remind_guests(
    session: Session, keyring: Keyring, section: Section, event_id: int, name: str, *, now: datetime, limit: int = 100
) -> tuple[int, bool]:
    """Remind an event's guests, each once for one beginning; the nearer reminder stands for the farther one too.

    :param name: which of :data:`REMINDERS`.
    :param limit: at most so many mails in this transaction.
    :returns: how many were reminded, and whether there may be more.
    """
    lead = dict(REMINDERS)[name]
    event = lock_event(session, section, event_id)
    if event is None or event.state != "published" or not now < event.starts_at <= now + lead:
        return 0, False
    mark, marks = mark_of(name, event), {mark_of(known, event) for known, before in REMINDERS if before >= lead}
    begins = mark.split()[1]
    count = 0
    for row in session.scalars(
        select(Rsvp)
        .where(Rsvp.event_id == event_id, Rsvp.state == "going")
        .order_by(Rsvp.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        if mark in row.reminded:
            continue
        if count >= limit:
            return count, True
        row.reminded = sorted({mark for mark in row.reminded if mark.endswith(begins)} | marks)
        if row.confirmed_at is not None and row.confirmed_at > event.starts_at - lead - FRESH:
            continue
        rsvp_mail.enqueue(session, keyring, section, event, row, "rsvp_reminder", now=now)
        count += 1
    return count, False


def _renew(app: Any, state: W4RState, rhythm: Rhythm, stop: Callable[[], bool]) -> dict[str, int]:
    now = state.clock()
    slot = availability.slot_of(now)
    if rhythm.availability == slot:
        return {"renewed": 0}
    renewed = 0
    for code in read(app, partial(availability.stale_sections, codes=list(state.sections), slot=slot, now=now)):
        renewed += run(app, partial(_renew_section, state.sections[code], slot, now))
    rhythm.availability = slot
    return {"renewed": renewed}


def _renew_section(section: Section, slot: datetime, now: datetime, work: UnitOfWork) -> int:
    return availability.renew(work.session, section, slot, now=now)


def _recount(app: Any, state: W4RState, rhythm: Rhythm, stop: Callable[[], bool]) -> dict[str, int]:
    now = state.clock()
    if rhythm.recounted is not None and now - rhythm.recounted < RECOUNT_EVERY:
        return {}
    drifts = 0
    codes = list(state.sections)
    for code, number in read(app, partial(seat_count.suspects, codes=codes, ending_after=now)):
        drift = run(app, partial(_count_again, state.sections[code], number))
        if drift is not None:
            log.error("event %d of %s: %s", number, code, drift.text)
            drifts += 1
    rhythm.recounted = now
    return {"drifts": drifts}


def _count_again(section: Section, number: int, work: UnitOfWork) -> seat_count.SeatDrift | None:
    return seat_count.count_again(work.session, section, number)
