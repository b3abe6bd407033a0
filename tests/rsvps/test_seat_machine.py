"""The seats against a model that a child could check: any order of any acts, and time that passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from flask_w4r import W4R
from flask_w4r.errors import EventFull, NotFound
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost

from .guests import Party

GUESTS = st.integers(1, 5)
SIZES = st.integers(1, 4)
MINUTE = timedelta(minutes=1)


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Person:
    """One guest as the model knows them."""

    size: int
    state: str = "pending"
    seats: int = 0
    held: bool = False
    due: datetime | None = None


class Model:
    """The rules, with lists instead of columns."""

    def __init__(self, capacity: int, starts: datetime) -> None:
        self.capacity, self.starts, self.closed = capacity, starts, False
        self.people: dict[int, Person] = {}
        self.line: list[int] = []

    def free(self) -> int:
        return self.capacity - sum(person.seats for person in self.people.values())

    def waiting(self) -> list[int]:
        return [guest for guest in self.line if not self.people[guest].held]

    def share(self, size: int) -> bool:
        pending = sum(person.seats for person in self.people.values() if person.state == "pending")
        return pending == 0 or (pending + size) * 4 <= self.capacity

    def leave(self, guest: int) -> None:
        if guest in self.line:
            self.line.remove(guest)

    def promote(self, now: datetime) -> None:
        while not self.closed:
            able = [guest for guest in self.waiting() if self.people[guest].size <= self.capacity]
            if not able or self.people[able[0]].size > self.free():
                return
            first = self.people[able[0]]
            self.leave(able[0])
            first.state, first.seats, first.due = "offered", first.size, min(now + timedelta(hours=24), self.starts)

    def ask(self, guest: int, size: int, held: bool, now: datetime) -> str:
        if self.closed:
            return "not found"
        if size > self.capacity:
            return "full"
        old = self.people.get(guest)
        if old and old.state in ("going", "waitlisted", "offered"):
            return "known"
        due: datetime | None = now + 30 * MINUTE
        claims = not held and not self.waiting() and self.share(size) and size <= self.free()
        if not claims and not held and old:
            had, before = old.seats, old.due
            old.seats = 0
            claims = size <= self.free() and (size <= had or (self.share(size) and not self.waiting()))
            due = before if had else due
        person = Person(size, seats=size if claims else 0, held=held, due=due if claims else None)
        self.people[guest] = person
        self.promote(now)
        return "replaced" if old else "created"

    def confirm(self, guest: int, now: datetime) -> str:
        person = self.people[guest]
        if person.state in ("going", "waitlisted", "offered"):
            return "already"
        if person.state != "pending":
            return "gone"
        person.due = None
        if person.seats:
            person.state = "going"
        elif not person.held and not self.waiting() and not self.closed and person.size <= self.free():
            person.state, person.seats = "going", person.size
        else:
            person.state = "waitlisted"
            self.line.append(guest)
        self.promote(now)
        return person.state

    def change(self, guest: int, size: int, now: datetime) -> str:
        person = self.people[guest]
        if person.state not in ("going", "waitlisted", "offered"):
            return "gone"
        more = size - person.size
        if more > 0 and (self.closed or size > self.capacity):
            return "full"
        if more > 0 and person.seats and (self.waiting() or more > self.free()):
            return "full"
        if more > 0 and not person.seats:
            self.leave(guest)
            self.line.append(guest)
        person.seats = size if person.seats else 0
        person.size = size
        self.promote(now)
        return "changed"

    def cancel(self, guest: int, now: datetime) -> str:
        person = self.people[guest]
        if person.state in ("cancelled", "expired"):
            return "gone"
        self.leave(guest)
        person.state, person.seats, person.due = "cancelled", 0, None
        self.promote(now)
        return "cancelled"

    def accept(self, guest: int, now: datetime) -> str:
        person = self.people[guest]
        if person.state == "going":
            return "already"
        if person.state != "offered" or (person.due and person.due <= now):
            return "gone"
        person.state, person.due = "going", None
        return "going"

    def release(self, guest: int, now: datetime) -> str:
        person = self.people[guest]
        if not person.held:
            return "gone"
        person.held = False
        self.promote(now)
        return "released"

    def expire(self, now: datetime) -> None:
        for person in self.people.values():
            if person.due and person.due <= now and person.state in ("pending", "offered"):
                person.state = "expired" if person.state == "offered" else "pending"
                person.seats, person.due = 0, None
        self.promote(now)


class Machine(RuleBasedStateMachine):
    """One event."""

    host: Host
    clock: Clock
    number = 0

    @initialize(capacity=st.integers(1, 12))
    def begin(self, capacity: int) -> None:
        Machine.number += 1
        self.party = Party(self.host.app, slug=f"letters-{Machine.number}", capacity=capacity)
        self.model = Model(capacity, self.party.event().starts_at)

    def told(self, act: Any) -> str:
        self.clock.now += MINUTE
        try:
            return str(act().outcome)
        except EventFull:
            return "full"
        except NotFound:
            return "not found"

    @rule(guest=GUESTS, size=SIZES, held=st.sampled_from([False, False, False, True]))
    def ask(self, guest: int, size: int, held: bool) -> None:
        told = self.told(lambda: self.party.ask(guest, size, held=held))
        assert told == self.model.ask(guest, size, held, self.clock.now)

    @rule(guest=GUESTS, size=SIZES)
    def come(self, guest: int, size: int) -> None:
        self.ask(guest, size, False)
        self.act("confirm", guest)

    @rule(name=st.sampled_from(["confirm", "cancel", "accept", "release"]), guest=GUESTS)
    def act(self, name: str, guest: int) -> None:
        told = self.told(lambda: self.party.do(name, guest))
        assert told == (getattr(self.model, name)(guest, self.clock.now) if guest in self.model.people else "gone")

    @rule(guest=GUESTS, size=SIZES)
    def change(self, guest: int, size: int) -> None:
        told = self.told(lambda: self.party.do("change", guest, size))
        assert told == (self.model.change(guest, size, self.clock.now) if guest in self.model.people else "gone")

    @rule(minutes=st.sampled_from([0, 29, 31, 60 * 23, 60 * 25]))
    def time_passes(self, minutes: int) -> None:
        self.clock.now += minutes * MINUTE
        if self.clock.now < self.model.starts - timedelta(hours=30):
            self.party.expire()
            self.model.expire(self.clock.now)
        else:
            self.clock.now = self.model.starts - timedelta(days=9)

    @rule()
    def host_closes_or_opens(self) -> None:
        self.clock.now += MINUTE
        self.model.closed = not self.model.closed
        self.party.set(closed_at=self.clock.now if self.model.closed else None)
        self.model.promote(self.clock.now)

    @rule(capacity=st.integers(1, 12))
    def host_changes_the_capacity(self, capacity: int) -> None:
        self.clock.now += MINUTE
        if capacity < self.model.capacity - self.model.free():
            return
        self.model.capacity = capacity
        self.party.set(capacity=capacity)
        self.model.promote(self.clock.now)

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "party"):
            return
        rows = {self.party.index(guest): guest for guest in self.model.people}
        found = {rows[row.email_index]: (row.state, row.seats_held, row.party_size, row.due_at)
                 for row in self.party.rows() if row.email_index}  # fmt: skip
        assert found == {
            guest: (person.state, person.seats, person.size, person.due) for guest, person in self.model.people.items()
        }
        event = self.party.event()
        pending = sum(person.seats for person in self.model.people.values() if person.state == "pending")
        kept = (event.seats_taken, event.pending_seats, event.waiting)
        assert kept == (self.model.capacity - self.model.free(), pending, len(self.model.waiting()))
        waiting = [row for row in self.party.rows() if row.state == "waitlisted" and row.email_index]
        waiting.sort(key=lambda row: (row.waitlisted_at, row.id))
        assert [rows[row.email_index] for row in waiting if row.email_index] == self.model.line


@pytest.mark.slow
def test_any_order_of_any_acts(make_host: MakeHost) -> None:
    clock = Clock()
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock))
    Machine.host, Machine.clock = host, clock
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
