"""Deliveries against a model that a child could check: any order of any acts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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


class World:
    """One case of its own, as it is and as the model knows it."""

    def __init__(self, host: Host, clock: Clock) -> None:
        self.host, self.clock = host, clock
        number = next(_NUMBERS)
        self.slug = f"case-{number}"
        self.case_id = next(iter(make_campaign(self.host.app, [self.slug], year=str(3000 + number)).values()))
        self.section = next(iter(get_state(self.host.app).sections.values()))
        self.signed: dict[int, Signed] = {}
        self.batches: dict[str, Batch] = {}

    def pick(self, where: int, states: tuple[str, ...]) -> int | None:
        some = [number for number, one in self.signed.items() if one.state in states]
        return some[where % len(some)] if some else None

    def chosen(self, where: int) -> str:
        """A delivery; mostly one that is open still."""
        some = [name for name, batch in self.batches.items() if batch.open or where % 7 == 0]
        some = some or list(self.batches)
        return some[where % len(some)]

    def step(self, act: str, where: int) -> None:
        """Do something, a minute later; then both agree."""
        self.clock.now += timedelta(minutes=1)
        if act in ("make_files", "call_off", "hand_over") and not self.batches:
            act = "prepare"
        getattr(self, act)(where)
        self.both_agree()

    def sign(self, where: int) -> None:
        how_many, withheld, confirmed = 1 + where % 3, where % 5 == 0, where % 4 != 0
        state = "confirmed" if confirmed else "pending"
        ids = make_signatures(
            self.host.app, self.slug, how_many, state=state, withhold_name=withheld,
            email=lambda number: f"s{next(_NUMBERS)}@example.org",
        )  # fmt: skip
        self.signed |= {number: Signed(state, withheld=withheld) for number in ids}

    def confirm(self, where: int) -> None:
        if (number := self.pick(where, ("pending",))) is not None:
            acts.confirm(self.host.app, number)
            one = self.signed[number]
            one.state = "confirmed"
            # Nothing else holds it: it is released by itself.
            one.held = False

    def hold(self, where: int) -> None:
        release = where % 3 == 0
        if (number := self.pick(where, ("confirmed",))) is not None:
            acts.hold(self.host.app, number, release=release)
            self.signed[number].held = not release

    def withdraw(self, where: int) -> None:
        if (number := self.pick(where, ("pending", "confirmed"))) is not None:
            assert acts.withdraw(self.host.app, number)
            self.signed[number].state, self.signed[number].held = "invalid", False

    def erase(self, where: int) -> None:
        if (number := self.pick(where, ("pending", "confirmed", "invalid"))) is not None:
            acts.erase(self.host.app, number)
            self.signed[number].state, self.signed[number].held = "erased", False
            for batch in self.batches.values():
                if batch.open:
                    batch.members = {one for one in batch.members if self.signed[one].state != "erased"}

    def prepare(self, where: int) -> None:
        at_once = where % 4 != 0
        taken = set().union(*(batch.members for batch in self.batches.values()))
        wanted = {number for number, one in self.signed.items() if one.counts and not one.delivered} - taken

        def work(uow: Any) -> str:
            row = claim.prepare(uow.session, self.section, self.case_id, ["X"], actor_id="mo", now=self.clock.now)
            return row.public_id

        try:
            name = run(self.host.app, work)
            assert wanted
            self.batches[name] = Batch(members=wanted)
            if at_once:
                self.freeze(name)
        except NothingToDeliver:
            assert not wanted

    def make_files(self, where: int) -> None:
        self.freeze(self.chosen(where))

    def freeze(self, name: str) -> None:
        batch = self.batches[name]
        try:
            freeze.freeze(self.host.app, self.section, name)
            assert batch.open
        except DeliveryClosed:
            assert not batch.open
            return
        batch.members = {number for number in batch.members if self.signed[number].counts}
        batch.frozen, batch.count = set(batch.members), len(batch.members)

    def call_off(self, where: int) -> None:
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

    def hand_over(self, where: int) -> None:
        outcome = ("met", "posted", "refused")[where % 3]
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

    def both_agree(self) -> None:
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


#: Those that matter together come more often.
ACTS = st.sampled_from(
    [
        "sign",
        "sign",
        "confirm",
        "hold",
        "withdraw",
        "erase",
        "prepare",
        "make_files",
        "call_off",
        "hand_over",
        "hand_over",
    ]
)


@pytest.mark.slow
def test_any_order_of_any_acts(make_host: MakeHost) -> None:
    clock = Clock()
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock))
    seen: Counter[tuple[str, bool]] = Counter()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(ACTS, st.integers(0, 10_000)), min_size=25, max_size=40))
    def walk(steps: list[tuple[str, int]]) -> None:
        world = World(host, clock)
        for act, where in steps:
            world.step(act, where)
        seen.update((batch.state, batch.frozen is not None) for batch in world.batches.values())

    walk()
    # Which of them come to be refused is chance; that much is walked must not be.
    assert min(seen[state, True] for state in ("given", "called_off")) > 0, seen
