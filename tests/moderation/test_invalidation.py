"""Invalidations: what conditions mean, who approves, how a run and its undo go, in the services and three databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r import Actor
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.errors import NotFound, PermissionDenied
from flask_w4r.seam import Seam
from flask_w4r.services.petitions import invalidation, invalidation_preview, invalidation_run
from flask_w4r.services.petitions.invalidation import ConditionFault, Conditions, StateMoved
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.services.tally import recount
from flask_w4r.state import Hooks, Permission, W4RState, get_state
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database

MO, EVE = Actor("mo", "Mo"), Actor("eve", "Eve")
ALL = Hooks(permission_check=lambda actor, permission, section: True)


class Desk:
    """The services, as two moderators use them."""

    def __init__(self, host: Host) -> None:
        self.host, self.app = host, host.app
        self.state: W4RState = get_state(host.app)
        self.section = self.state.sections["AU"]

    def _run(self, function: Callable[..., Any], *rest: Any, **named: Any) -> Any:
        now = self.state.clock()
        return run(self.app, lambda work: function(work.session, *rest, now=now, **named))

    def preview(self, actor: Actor | None = MO, hooks: Hooks = ALL, **conditions: Any) -> invalidation.Preview:
        return self._run(
            invalidation.preview, self.state.keyring, self.section, Conditions(**conditions), hooks=hooks, actor=actor
        )

    def propose(
        self, actor: Actor | None = MO, hooks: Hooks = ALL, start: bool = True, last_id: int | None = None,
        why: str = "a flood", **conditions: Any,
    ) -> int:  # fmt: skip
        batch = self._run(
            invalidation.propose, self.state.keyring, self.section, Conditions(**conditions),
            hooks=hooks, actor=actor, reason=why, start=start, last_id=last_id,
        )  # fmt: skip
        return int(batch.id)

    def do(self, number: int, act: str, actor: Actor | None = MO, hooks: Hooks = ALL) -> Any:
        return self._run(invalidation.do, self.state.keyring, self.section, number, act, hooks=hooks, actor=actor)

    def work(self, **options: Any) -> dict[str, int]:
        return invalidation_run.run_due(self.app, **options)

    def batch(self, number: int) -> Any:
        return run(self.app, lambda work: invalidation.get(work.session, self.section, number))

    def states(self) -> list[str]:
        return [row[0] for row in self.host.rows("SELECT state FROM w4r_signature ORDER BY id")]

    def signatures(self) -> list[Any]:
        return self.host.rows("SELECT * FROM w4r_signature ORDER BY id")

    def counted(self) -> list[Any]:
        return self.host.rows(
            "SELECT case_id, action_type, sum(count) FROM w4r_tally GROUP BY case_id, action_type "
            "HAVING sum(count) <> 0 ORDER BY case_id, action_type"
        ) + sorted(self.host.rows("SELECT person_index FROM w4r_edition_person"))

    def drifts(self) -> list[Any]:
        keyring = self.state.keyring
        return run(
            self.app,
            lambda work: recount.recount(work.session, keyring, self.section, Seam(CAPABILITIES).recounts, fix=False),
        )[1]

    def logged(self) -> list[tuple[str, str, int]]:
        return [tuple(row) for row in self.host.rows("SELECT actor_id, action, count FROM w4r_audit ORDER BY seq")]


@pytest.fixture
def at(make_host: MakeHost) -> Desk:
    host = make_host()
    make_campaign(host.app, ("ann-example", "bob-example"))
    return Desk(host)


def kinds(number: int) -> dict[str, Any]:
    return {"state": ["pending", "confirmed", "confirmed"][number % 3]}


def test_who_may_not(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 1)
    number = at.propose(case="ann-example", start=False)
    deny = Hooks(permission_check=lambda actor, permission, section: permission != Permission.INVALIDATE)
    for actor, hooks in ((None, ALL), (MO, deny), (MO, Hooks())):
        with pytest.raises(PermissionDenied):
            at.preview(actor, hooks, case="ann-example")
        with pytest.raises(PermissionDenied):
            at.propose(actor, hooks, case="ann-example")
        for act in invalidation.ACTS:
            with pytest.raises(PermissionDenied):
                at.do(number, act, actor, hooks)
    no_search = Hooks(permission_check=lambda actor, permission, section: permission != Permission.FIND_PERSON)
    assert at.preview(MO, no_search, email="made-up-*@example.org").count == 1
    with pytest.raises(PermissionDenied):
        at.preview(MO, no_search, email="made-up-1@*")
    with pytest.raises(PermissionDenied):
        at.propose(MO, no_search, email="made-up-1@example.org")


def test_another_sections_invalidation_is_not_found(at: Desk) -> None:
    with pytest.raises(NotFound):
        at.do(17, "cancel")


@every_database
def test_run_and_undo(at: Desk) -> None:
    now = at.state.clock()
    make_signatures(
        at.app, "ann-example", 12, state=lambda n: kinds(n)["state"], held_at=lambda n: now if n % 4 == 0 else None
    )
    make_signatures(at.app, "bob-example", 6, state="confirmed")
    before, counted = at.signatures(), at.counted()
    number = at.propose(case="ann-example")
    assert at.work(piece=5) == {"invalidated": 12, "restored": 0, "skipped": 0}
    assert at.states() == ["invalid"] * 12 + ["confirmed"] * 6
    assert at.drifts() == []
    done = at.batch(number)
    assert (done.state, done.expected, done.applied, done.scanned, done.claimed_by) == ("done", 12, 12, 12, None)
    assert done.finished_at is not None
    assert at.work() == {"invalidated": 0, "restored": 0, "skipped": 0}
    at.do(number, "undo", EVE)
    assert at.work(piece=5) == {"invalidated": 0, "restored": 12, "skipped": 0}
    assert (at.signatures(), at.counted(), at.drifts()) == (before, counted, [])
    assert at.batch(number).state == "undone"
    assert at.logged() == [
        ("mo", "invalidation_proposed", 12), ("worker", "invalidation_done", 12),
        ("eve", "invalidation_undo_asked", 12), ("worker", "invalidation_undone", 12),
    ]  # fmt: skip


def test_what_changed_since_is_left_alone(at: Desk) -> None:
    ids = make_signatures(at.app, "ann-example", 4, state="confirmed")
    number = at.propose(case="ann-example")
    at.work()
    with at.host.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE w4r_signature SET state = 'erased', person = NULL, confirmed_at = NULL WHERE id = {ids[0]}"
        )
        connection.exec_driver_sql(f"UPDATE w4r_signature SET version = 2 WHERE id = {ids[1]}")
        connection.exec_driver_sql(f"DELETE FROM w4r_signature WHERE id = {ids[2]}")
    at.do(number, "undo")
    assert at.work() == {"invalidated": 0, "restored": 1, "skipped": 3}
    batch = at.batch(number)
    assert (batch.state, batch.undone, batch.skipped) == ("undone", 1, 3)
    assert at.states() == ["erased", "invalid", "confirmed"]
    assert at.drifts() == []
    with pytest.raises(StateMoved):
        at.do(number, "undo")


def test_above_a_thousand_another_person_approves(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (invalidation, invalidation_run):
        monkeypatch.setattr(module, "ALONE_AT_MOST", 10)
    make_signatures(at.app, "ann-example", 11)
    number = at.propose(case="ann-example")
    assert at.batch(number).state == "waiting"
    assert at.work()["invalidated"] == 0
    with pytest.raises(PermissionDenied):
        at.do(number, "approve", MO)
    at.do(number, "approve", EVE)
    assert at.batch(number).approved_by == "eve"
    assert at.work()["invalidated"] == 11
    assert ("eve", "invalidation_approved", 11) in at.logged()


@pytest.mark.parametrize("piece", [3, 7, 500])
def test_a_run_that_meets_more_than_was_expected_waits(at: Desk, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    for module in (invalidation, invalidation_run):
        monkeypatch.setattr(module, "ALONE_AT_MOST", 10)
    monkeypatch.setattr(invalidation_preview, "OPENED_AT_MOST", 5)
    # The newest five say "few"; the older ones are nearly all meant.
    make_signatures(at.app, "ann-example", 25, first_name=lambda n: "Bot" if n < 21 and n % 7 else "Ann")
    number = at.propose(name="bot *")
    assert at.batch(number).expected == 0
    assert at.work(piece=piece)["invalidated"] == 10
    assert (at.batch(number).state, at.batch(number).applied) == ("waiting", 10)
    assert at.work()["invalidated"] == 0
    at.do(number, "approve", EVE)
    assert at.work(piece=piece)["invalidated"] == 8
    batch = at.batch(number)
    assert (batch.state, batch.applied, batch.scanned) == ("done", 18, 25)
    assert ("worker", "invalidation_paused", 10) in at.logged()


def test_later_signatures_are_not_meant(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 2)
    last = at.preview(case="ann-example").last_id
    make_signatures(at.app, "ann-example", 1, email="late@example.org")
    number = at.propose(case="ann-example", last_id=last)
    make_signatures(at.app, "ann-example", 1, email="later@example.org")
    at.work()
    assert at.states() == ["invalid", "invalid", "pending", "pending"]
    assert at.batch(number).state == "done"


def test_cancelled_between_two_pieces(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 9, state="confirmed")
    before = at.signatures()
    number = at.propose(case="ann-example")
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        if len(asked) == 2:
            at.do(number, "cancel", EVE)
        return False

    assert at.work(piece=4, stop=stop)["invalidated"] == 4
    assert (at.batch(number).state, at.batch(number).applied) == ("cancelled", 4)
    assert at.work()["invalidated"] == 0
    with pytest.raises(StateMoved):
        at.do(number, "cancel")
    at.do(number, "undo")
    assert at.work()["restored"] == 4
    assert at.signatures() == before


def test_a_worker_told_to_stop_leaves_the_rest_to_the_next(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 9)
    number = at.propose(case="ann-example")
    asked: list[int] = []
    assert at.work(piece=4, stop=lambda: asked.append(1) or len(asked) > 1)["invalidated"] == 4
    assert (at.batch(number).state, at.batch(number).claimed_by) == ("running", None)
    assert at.work(piece=4)["invalidated"] == 5


def test_a_draft_is_not_run(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 1)
    number = at.propose(case="ann-example", start=False)
    assert (at.batch(number).state, at.work()["invalidated"]) == ("draft", 0)
    at.do(number, "start", EVE)
    assert at.work()["invalidated"] == 1
    for act in ("start", "approve"):
        with pytest.raises(StateMoved):
            at.do(number, act, EVE)


def test_a_reason_is_needed_and_sealed(at: Desk) -> None:
    for why, key in (("  ", "empty"), ("x" * 501, "too_long")):
        with pytest.raises(ConditionFault, match=f"why: {key}"):
            at.propose(case="ann-example", why=why)
    number = at.propose(name="Secret Name*", why="secret reason")
    row = at.host.rows(f"SELECT reason, conditions FROM w4r_batch WHERE id = {number}")[0]
    assert all(text.startswith("v1:") for text in row)
    changes = at.host.rows("SELECT changes FROM w4r_audit")
    assert "ecret" not in str(changes)


@every_database
def test_three_workers_at_once(at: Desk) -> None:
    make_signatures(at.app, "ann-example", 60, state=lambda n: kinds(n)["state"])
    make_signatures(at.app, "bob-example", 60, state="confirmed")
    at.propose(case="ann-example")
    at.propose(case="bob-example")
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(at.work(piece=7)["invalidated"])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 120
    assert set(at.states()) == {"invalid"}
    assert at.drifts() == []
