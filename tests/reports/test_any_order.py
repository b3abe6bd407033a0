"""Whatever is reported, corrected, decided, taken back, reversed and erased, in whatever order, the counts are what the rows say."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from flask_w4r import W4R
from flask_w4r.models import Batch, Case, Event, Report, TallySlot
from flask_w4r.services.moderation import decisions
from flask_w4r.services.moderation.judgement import Judgement
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.permissions import Staff
from flask_w4r.services.reports import hosted, personal, staff, telling
from flask_w4r.services.reports.standing import of_address, submit
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import make_campaign
from flask_w4r.testing.events import make_events
from tests.conftest import Host, MakeHost, every_database

WHO = Actor("7", "Mo")
SLUGS = ("ann-example", "bo-example")
STEP = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 1), st.sampled_from(["event", "place"]), st.integers(1, 3)),
    st.tuples(st.just("host"), st.integers(0, 2), st.just(""), st.integers(1, 3)),
    st.tuples(st.sampled_from(["approve", "reject", "undo", "approve"]), st.integers(0, 5), st.just(""), st.just(0)),
    st.tuples(
        st.sampled_from(["reverse", "final", "count", "erase"]), st.integers(0, 5), st.just(""), st.integers(1, 3)
    ),
    st.tuples(st.just("close"), st.just(0), st.sampled_from(["active", "closed"]), st.just(0)),
)


class World:
    """A site, an event that is over, and what people do with numbers."""

    def __init__(self, host: Host) -> None:
        self.host, self.state = host, get_state(host.app)
        self.section = self.state.sections["AU"]
        self.cases = list(make_campaign(host.app, SLUGS).values())
        begun = self.state.clock() - timedelta(days=1)
        (self.event,) = make_events(
            host.app, 1, section="AU", cases=SLUGS, slug="over", uid="over", state="over", starts_at=begun
        )

    def do(self, step: tuple[str, int, str, int]) -> None:
        act, who, word, number = step
        run(self.host.app, lambda work: getattr(self, act)(work, who, word, number))

    def tell(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        counts = {self.cases[who % 2]: {"letter": number, "card": 1}}
        told = telling.Told(
            "Sam", parse_address(f"sam{who}@example.org"), "en", 3, counts, date(2026, 11, 20),
            "" if word == "event" else "Perth", "", self.event if word == "event" else None,
        )  # fmt: skip
        now = self.state.clock()
        row = telling.report_of(
            work.session, self.state.keyring, self.section, told, Judgement(0, True, (), "pass"), now=now
        )
        if row is not None:
            work.session.add(row)
            work.session.flush()
            submit(work, self.section, [row], now=now)

    def host_(self, work: UnitOfWork, number: int) -> None:
        event = work.session.get(Event, self.event)
        hosted.submit(
            work.session, self.state.keyring, self.section, event, self.cases, 5, {self.cases[0]: {"letter": 10 * number}},
            "", now=self.state.clock(),
        )  # fmt: skip

    def approve(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        self._decide(work, who, "approve")

    def reject(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        self._decide(work, who, "reject")

    def _decide(self, work: UnitOfWork, who: int, act: str) -> None:
        waiting = work.session.scalars(select(Report.id).where(Report.state == "submitted").order_by(Report.id)).all()
        if waiting:
            decisions.decide(
                work.session, self.state.hooks, WHO, self.state.keyring, self.section,
                {"report": [waiting[who % len(waiting)]]}, act, None, now=self.state.clock(),
            )  # fmt: skip

    def undo(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        past = decisions_of(work)
        if past:
            decisions.undo(
                work.session, self.state.hooks, WHO, self.state.keyring, self.section, past[who % len(past)],
                now=self.state.clock(),
            )  # fmt: skip

    def _staff(self) -> Staff:
        return Staff(self.state.hooks, WHO, self.state.keyring, self.section, self.state.clock())

    def reverse(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        self._change(work, who, "reverse")

    def final(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        self._change(work, who, "final")

    def _change(self, work: UnitOfWork, who: int, act: str) -> None:
        rows = work.session.scalars(select(Report.id).order_by(Report.id)).all()
        if rows:
            staff.change(work.session, self._staff(), rows[who % len(rows)], act)

    def count(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        entry = staff.Entry({self.cases[1]: {"petition_paper": number}}, "section_counted", "interim", None, "", "")
        staff.type_in(work.session, self._staff(), entry)

    def erase(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        personal.erase(work, self.section, f"sam{who % 2}@example.org", None)

    def close(self, work: UnitOfWork, who: int, word: str, number: int) -> None:
        work.session.get_one(Case, self.cases[0]).status = word

    def counted(self) -> Counter[tuple[Any, ...]]:
        key = (TallySlot.case_id, TallySlot.action_type, TallySlot.source, TallySlot.status, TallySlot.day)
        rows = read(
            self.host.app,
            lambda session: session.execute(select(*key, func.sum(TallySlot.count)).group_by(*key)).all(),
        )
        return Counter({tuple(key): int(total) for *key, total in rows if int(total)})

    def plain(self) -> Counter[tuple[Any, ...]]:
        """Every approved report, but of an event that its host tells of only the host's."""
        rows = read(self.host.app, lambda session: session.scalars(select(Report)).all())
        approved = [row for row in rows if row.state == "approved"]
        hosts = {row.event_id for row in approved if row.role == "host"}
        sums: Counter[tuple[Any, ...]] = Counter()
        for row in approved:
            if row.role == "host" or row.event_id is None or row.event_id not in hosts:
                for case, numbers in row.counts.items():
                    for kind, number in numbers.items():
                        day = row.on_date or self.section.local_date(row.created_at)
                        sums[int(case), kind, row.source, row.status, day] += number
        return sums


def decisions_of(work: UnitOfWork) -> list[int]:
    """The decisions there are, by their batches."""
    return list(work.session.scalars(select(Batch.id).order_by(Batch.id)))


def site(make_host: MakeHost) -> World:
    w4r = W4R(actor_loader=lambda: WHO, permission_check=lambda *asked: True)
    return World(make_host(w4r=w4r))


def walk(world: World, steps: list[Any]) -> None:
    for act, who, word, number in steps:
        if act == "host":
            run(world.host.app, lambda work, number=number: world.host_(work, number))  # type: ignore[misc]
        else:
            world.do((act, who, word, number))
        assert world.counted() == world.plain(), (act, who, word, number)
    world.host.run("w4r", "tally", "recount")


@pytest.mark.slow
def test_any_order(make_host: MakeHost) -> None:
    world = site(make_host)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps=st.lists(STEP, min_size=4, max_size=14))
    def check(steps: list[Any]) -> None:
        walk(world, steps)

    check()


@every_database
def test_one_long_day(make_host: MakeHost) -> None:
    world = site(make_host)
    walk(
        world,
        [
            ("tell", 0, "event", 2), ("tell", 1, "place", 3), ("approve", 0, "", 0), ("approve", 0, "", 0),
            ("host", 0, "", 2), ("approve", 0, "", 0), ("tell", 1, "place", 1), ("count", 0, "", 3), ("close", 0, "closed", 0),
            ("approve", 0, "", 0), ("undo", 2, "", 0), ("reverse", 1, "", 0), ("undo", 3, "", 0), ("erase", 0, "", 0),
            ("final", 3, "", 0), ("approve", 0, "", 0), ("erase", 1, "", 0), ("undo", 0, "", 0),
        ],
    )  # fmt: skip
    assert not any(
        row.person for row in read(world.host.app, lambda s: s.scalars(select(Report)).all()) if row.role == "person"
    )
    with world.host.app.app_context():
        state = world.state
        assert not read(world.host.app, lambda s: of_address(s, state.keyring, world.section, "sam0@example.org"))
