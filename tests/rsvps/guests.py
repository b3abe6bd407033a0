"""Guests of one event, and whether the event's numbers fit them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from flask_w4r.models import Event, Rsvp
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.rsvps import lifecycle as rsvps
from flask_w4r.services.rsvps import seat_count
from flask_w4r.services.rsvps.lifecycle import Done, Guest
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from tests.events.rows import add_event


class Party:
    """What happens at one event, by the guests' numbers. Every act is a transaction of its own."""

    def __init__(self, app: Any, event_id: int = 0, **columns: Any) -> None:
        self.app, self.state = app, get_state(app)
        self.section = next(iter(self.state.sections.values()))
        self.event_id = event_id or run(app, lambda work: self._add(work.session, columns))

    def _add(self, session: Any, columns: dict[str, Any]) -> int:
        event = add_event(session, self.state.keyring, self.section, now=self.state.clock(), **columns)
        session.flush()
        return event.id

    def index(self, guest: int) -> bytes:
        address = parse_address(f"guest{guest}@example.org", test_environment=True)
        return self.state.keyring.blind(rsvps.email_scope(self.section, self.event_id), address.canonical)

    def row(self, guest: int) -> Rsvp | None:
        wanted = select(Rsvp).where(Rsvp.event_id == self.event_id, Rsvp.email_index == self.index(guest))
        return read(self.app, lambda session: session.scalars(wanted).one_or_none())

    def rows(self) -> list[Rsvp]:
        wanted = select(Rsvp).where(Rsvp.event_id == self.event_id).order_by(Rsvp.id)
        return list(read(self.app, lambda session: session.scalars(wanted).all()))

    def event(self) -> Event:
        return read(self.app, lambda session: session.get_one(Event, self.event_id))

    def ask(self, guest: int, size: int = 1, *, held: bool = False, now: datetime | None = None, **more: Any) -> Done:
        address = parse_address(f"guest{guest}@example.org", test_environment=True)
        who = Guest(f"Guest {guest}", address, size, self.section.default_locale)
        ask = partial(rsvps.ask, guest=who, held=held, **more)
        return self._run(ask, now)

    def do(self, name: str, guest: int, *args: Any, now: datetime | None = None, **more: Any) -> Done:
        """``confirm change accept cancel release`` by who has the link; ``gone`` where there is no such guest."""
        row = self.row(guest)
        if row is None:
            return Done(0, self.event_id, "gone")
        if name == "confirm" and not args:
            args = (row.version,)
        return self._run(getattr(rsvps, name), now, row.id, *args, **more)

    def expire(self, now: datetime | None = None) -> Done:
        return self._run(rsvps.expire, now)

    def _run(self, function: Callable[..., Done], now: datetime | None, *args: Any, **more: Any) -> Done:
        moment = now or self.state.clock()

        def work(unit: Any) -> Done:
            return function(unit.session, self.state.keyring, self.section, self.event_id, *args, now=moment, **more)

        return run(self.app, work)

    def set(self, **values: Any) -> None:
        """As if the host had changed the event."""

        def work(unit: Any) -> None:
            event = unit.session.get_one(Event, self.event_id, with_for_update=True)
            for name, value in values.items():
                setattr(event, name, value)
            now = self.state.clock()
            rsvps.offer_free_seats(unit.session, self.state.keyring, self.section, event, now=now)

        run(self.app, work)

    def states(self, *guests: int) -> list[str]:
        """The guests' states, in their order."""
        return [row.state if (row := self.row(guest)) else "none" for guest in guests]

    def check(self) -> None:
        """The event's numbers are its rows' sums, and nobody waits for a seat that is free."""
        event, rows = self.event(), self.rows()
        kept = {name: getattr(event, name) for name in seat_count.FIELDS}
        assert read(self.app, lambda session: seat_count.count_seats(session, self.event_id)) == kept
        assert event.seats_taken == sum(row.seats_held for row in rows)
        assert all(row.seats_held == (row.party_size if row.state in ("going", "offered") else row.seats_held)
                   for row in rows)  # fmt: skip
        assert all(not row.seats_held for row in rows if row.state in ("waitlisted", "expired", "cancelled"))
        capacity = event.capacity
        if capacity is None:
            return
        assert event.seats_taken <= capacity
        unconfirmed = [row.seats_held for row in rows if row.state == "pending" and row.seats_held]
        assert len(unconfirmed) <= 1 or sum(unconfirmed) * 4 <= capacity
        waiting = [row for row in rows if row.state == "waitlisted" and row.held_at is None]
        waiting = [row for row in waiting if row.party_size <= capacity]
        if waiting and event.closed_at is None:
            first = min(waiting, key=lambda row: (row.waitlisted_at, row.id))
            assert event.seats_taken + first.party_size > capacity, "somebody waits for a seat that is free"
