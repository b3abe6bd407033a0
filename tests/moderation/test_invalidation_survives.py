"""Invalidations under bad luck: a worker that is killed, and whatever an undo has to give back."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_w4r.models import metadata
from flask_w4r.services.petitions import invalidation_run
from flask_w4r.testing import make_campaign, make_signatures
from tests.conftest import Host, MakeHost, every_database
from tests.own_process import create_app
from tests.processes import Started

from .test_invalidation import EVE, Desk

ROWS, KILLS = 900, 3


def work() -> None:
    """What the process does that is killed."""
    app = create_app()
    with app.app_context():
        while True:
            invalidation_run.run_due(app, lease_seconds=0.2, piece=10)


def start_worker(folder: Path, host: Host) -> Started:
    kept = {key: value for key, value in host.app.config.items() if key.startswith("W4R_")}
    kept |= {key: host.app.config[key] for key in ("SQLALCHEMY_DATABASE_URI", "SECRET_KEY", "TESTING")}
    return Started(folder, work, environment={"W4R_SITE_SETTINGS": json.dumps(kept)})


def wait_for(condition: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


def kill_while(folder: Path, host: Host, progress: str, whole: int) -> None:
    """Have workers at it, each killed on the way, until one ends it."""
    for number in range(KILLS):
        worker = start_worker(folder, host)
        goal = (number + 1) * whole // (KILLS + 2)
        wait_for(lambda goal=goal: host.rows(progress)[0][0] >= goal)  # type: ignore[misc]
        worker.kill()
    worker = start_worker(folder, host)
    try:
        wait_for(lambda: host.rows("SELECT state FROM w4r_batch")[0][0] in ("done", "undone"))
    finally:
        worker.kill()


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_killed_workers_lose_nothing_and_double_nothing(make_host: MakeHost, tmp_path: Path) -> None:
    host = make_host()
    make_campaign(host.app)
    make_signatures(host.app, "ann-example", ROWS, state=lambda number: "confirmed" if number % 3 else "pending")
    at = Desk(host)
    before, counted = at.signatures(), at.counted()
    number = at.propose(case="ann-example")
    kill_while(tmp_path, host, "SELECT applied FROM w4r_batch", ROWS)
    assert set(at.states()) == {"invalid"}
    assert host.rows("SELECT count(*) FROM w4r_batch_row") == [(ROWS,)]
    batch = at.batch(number)
    assert (batch.state, batch.applied, batch.scanned) == ("done", ROWS, ROWS)
    assert at.drifts() == []
    at.do(number, "undo", EVE)
    kill_while(tmp_path, host, "SELECT undone FROM w4r_batch", ROWS)
    assert (at.signatures(), at.counted(), at.drifts()) == (before, counted, [])
    assert [entry[1:] for entry in at.logged()] == [
        ("invalidation_proposed", ROWS), ("invalidation_done", ROWS),
        ("invalidation_undo_asked", ROWS), ("invalidation_undone", ROWS),
    ]  # fmt: skip


SIGNATURES = st.lists(
    st.fixed_dictionaries(
        {
            "slug": st.sampled_from(["ann-example", "bob-example"]),
            "person": st.integers(0, 3),
            "state": st.sampled_from(["pending", "confirmed", "invalid"]),
            "held": st.booleans(),
            "released": st.booleans(),
            "score": st.integers(0, 3),
        }
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda item: (item["slug"], item["person"]),
)


def clear(host: Host) -> None:
    with host.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name in ("w4r_signature", "w4r_batch", "w4r_batch_row", "w4r_tally", "w4r_edition_person"):
                connection.execute(table.delete())


@every_database
def test_an_undo_gives_back_exactly_what_was(make_host: MakeHost) -> None:
    host = make_host()
    make_campaign(host.app, ("ann-example", "bob-example"))
    at = Desk(host)
    now = at.state.clock()

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(signatures=SIGNATURES, score=st.integers(1, 3), piece=st.integers(1, 4))
    def check(signatures: list[dict[str, Any]], score: int, piece: int) -> None:
        clear(host)
        for item in signatures:
            waits = item["held"] and item["state"] != "invalid"
            make_signatures(
                host.app, item["slug"], 1, email=f"p{item['person']}@example.org", state=item["state"],
                score=item["score"], held_at=now if waits else None,
                released_at=now - timedelta(1) if item["released"] else None, updated_at=now - timedelta(days=2),
            )  # fmt: skip
        before, counted = at.signatures(), at.counted()
        number = at.propose(min_score=score)
        at.work(piece=piece)
        meant = sum(item["state"] != "invalid" and item["score"] >= score for item in signatures)
        assert at.batch(number).applied == meant
        assert at.drifts() == []
        if not meant:
            return
        at.do(number, "undo")
        assert at.work(piece=piece) == {"invalidated": 0, "restored": meant, "skipped": 0}
        assert (at.signatures(), at.counted(), at.drifts()) == (before, counted, [])

    check()
