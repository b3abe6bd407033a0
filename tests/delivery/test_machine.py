"""Deliveries against a model that a child could check: any order of any acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from flask_w4r import W4R
from flask_w4r.errors import DeliveryClosed, FilesOutdated, NothingToDeliver
from flask_w4r.services.delivery import claim, freeze, hand_over
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, make_signatures
from tests.conftest import Host, MakeHost

from . import acts

_NUMBERS = count(1)
PICK = st.integers(0, 1_000_000)


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Signed:
    """A signature as the model knows it."""

    state: str = "pending"
    held: bool = False
    withheld: bool = False
    delivered: bool = False

    @property
    def counts(self) -> bool:
        return self.state == "confirmed" and not self.held


@dataclass
class Batch:
    """A delivery as the model knows it."""

    state: str = "prepared"
    members: set[int] = field(default_factory=set)
    frozen: set[int] | None = None
    count: int = 0

    @property
    def open(self) -> bool:
        return self.state in ("prepared", "refused")


class Machine(RuleBasedStateMachine):
    """One case of its own."""

    host: Host
    clock: Clock

    @initialize()
    def begin(self) -> None:
        number = next(_NUMBERS)
        self.slug = f"case-{number}"
        self.case_id = next(iter(make_campaign(self.host.app, [self.slug], year=str(3000 + number)).values()))
        self.section = next(iter(get_state(self.host.app).sections.values()))
        self.signed: dict[int, Signed] = {}
        self.batches: dict[str, Batch] = {}

    def pick(self, where: int, states: Any = None) -> int | None:
        some = [number for number, one in self.signed.items() if states is None or one.state in states]
        return some[where % len(some)] if some else None

    def chosen(self, where: int) -> str:
        return list(self.batches)[where % len(self.batches)]

    @rule(how_many=st.integers(1, 3), withheld=st.booleans(), confirmed=st.booleans())
    def sign(self, how_many: int, withheld: bool, confirmed: bool) -> None:
        self.clock.now += timedelta(minutes=1)
        state = "confirmed" if confirmed else "pending"
        ids = make_signatures(
            self.host.app, self.slug, how_many, state=state, withhold_name=withheld,
            email=lambda number: f"s{next(_NUMBERS)}@example.org",
        )  # fmt: skip
        self.signed |= {number: Signed(state, withheld=withheld) for number in ids}

    @rule(where=PICK)
    def confirm(self, where: int) -> None:
        self.clock.now += timedelta(minutes=1)
        if (number := self.pick(where, ("pending",))) is not None:
            acts.confirm(self.host.app, number)
            one = self.signed[number]
            one.state = "confirmed"
            # Nothing else holds it: it is released by itself.
            one.held = False

    @rule(where=PICK, release=st.booleans())
    def hold(self, where: int, release: bool) -> None:
        self.clock.now += timedelta(minutes=1)
        if (number := self.pick(where, ("confirmed",))) is not None:
            acts.hold(self.host.app, number, release=release)
            self.signed[number].held = not release

    @rule(where=PICK)
    def withdraw(self, where: int) -> None:
        self.clock.now += timedelta(minutes=1)
        if (number := self.pick(where, ("pending", "confirmed"))) is not None:
            assert acts.withdraw(self.host.app, number)
            self.signed[number].state, self.signed[number].held = "invalid", False

    @rule(where=PICK)
    def erase(self, where: int) -> None:
        self.clock.now += timedelta(minutes=1)
        if (number := self.pick(where, ("pending", "confirmed", "invalid"))) is not None:
            acts.erase(self.host.app, number)
            self.signed[number].state, self.signed[number].held = "erased", False
            for batch in self.batches.values():
                if batch.open:
                    batch.members = {one for one in batch.members if self.signed[one].state != "erased"}

    @rule()
    def prepare(self) -> None:
        self.clock.now += timedelta(minutes=1)
        taken = set().union(*(batch.members for batch in self.batches.values()))
        wanted = {number for number, one in self.signed.items() if one.counts and not one.delivered} - taken

        def work(uow: Any) -> str:
            row = claim.prepare(uow.session, self.section, self.case_id, ["X"], actor_id="mo", now=self.clock.now)
            return row.public_id

        try:
            self.batches[run(self.host.app, work)] = Batch(members=wanted)
            assert wanted
        except NothingToDeliver:
            assert not wanted

    @precondition(lambda self: self.batches)
    @rule(where=PICK)
    def make_files(self, where: int) -> None:
        self.clock.now += timedelta(minutes=1)
        name = self.chosen(where)
        batch = self.batches[name]
        try:
            freeze.freeze(self.host.app, self.section, name)
            assert batch.open
        except DeliveryClosed:
            assert not batch.open
            return
        batch.members = {number for number in batch.members if self.signed[number].counts}
        batch.frozen, batch.count = set(batch.members), len(batch.members)

    @precondition(lambda self: self.batches)
    @rule(where=PICK)
    def call_off(self, where: int) -> None:
        self.clock.now += timedelta(minutes=1)
        name = self.chosen(where)
        batch = self.batches[name]
        try:
            run(
                self.host.app,
                lambda uow: claim.call_off(uow.session, self.section, name, actor_id="mo", now=self.clock.now),
            )
            assert batch.open
        except DeliveryClosed:
            assert not batch.open
            return
        batch.state, batch.members = "called_off", set()

    @precondition(lambda self: self.batches)
    @rule(where=PICK, outcome=st.sampled_from(["met", "posted", "refused"]))
    def hand_over(self, where: int, outcome: str) -> None:
        self.clock.now += timedelta(minutes=1)
        name = self.chosen(where)
        batch = self.batches[name]
        whole = bool(batch.frozen) and all(self.signed[one].counts for one in batch.frozen or ())
        day = self.clock.now.date()
        try:
            hand_over.hand_over(self.host.app, self.section, name, on=day, by="Jo", outcome=outcome, actor_id="mo")
            assert batch.open
            assert whole
        except DeliveryClosed:
            assert not batch.open
            return
        except FilesOutdated:
            assert batch.open
            assert not whole
            return
        batch.state = "refused" if outcome == "refused" else "given"
        if outcome != "refused":
            for number in batch.members:
                self.signed[number].delivered = True

    @invariant()
    def both_agree(self) -> None:
        if not hasattr(self, "batches"):
            return
        with self.host.engine.connect() as connection:
            ask = lambda sql: connection.execute(text(sql), {"case": self.case_id}).all()  # noqa: E731
            names = ask(
                "SELECT n.signature_id, d.public_id FROM w4r_delivery_name n JOIN w4r_delivery d ON d.id = n.delivery_id"
                " WHERE d.case_id = :case"
            )
            given = ask("SELECT id FROM w4r_signature WHERE case_id = :case AND delivered_at IS NOT NULL")
            rows = ask(
                "SELECT public_id, state, outcome, count, withheld, root FROM w4r_delivery WHERE case_id = :case"
            )
        assert dict(names) == {one: name for name, batch in self.batches.items() for one in batch.members}
        assert {row[0] for row in given} == {number for number, one in self.signed.items() if one.delivered}
        for row in rows:
            batch = self.batches[row.public_id]
            state = {"prepared": "prepared", "called_off": "called_off"}.get(
                row.state, "refused" if row.outcome == "refused" else "given"
            )
            assert state == batch.state
            assert row.count == batch.count
            assert (row.root is None) == (batch.frozen is None)
            assert row.withheld == sum(self.signed[one].withheld for one in batch.frozen or ())
        # What was given away adds up.
        total = sum(batch.count for batch in self.batches.values() if batch.state == "given")
        assert total == sum(one.delivered for one in self.signed.values())


@pytest.mark.slow
def test_any_order_of_any_acts(make_host: MakeHost) -> None:
    clock = Clock()
    Machine.host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock))
    Machine.clock = clock
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
