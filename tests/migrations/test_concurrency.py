"""Two processes that start at once, as behind a load balancer, must not break each other's upgrade."""

from __future__ import annotations

import threading
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event

from flask_w4r.errors import SchemaError
from flask_w4r.services.storage import lock as schema_lock
from flask_w4r.services.storage import schema
from tests.processes import Started, context

PROCESSES = 4


def upgrade_with_the_others(url: str, gate: Barrier) -> None:
    """One of the processes."""
    schema.revisions()
    engine = create_engine(url)
    gate.wait(60)
    print(",".join(schema.upgrade(engine)) or "nothing")
    engine.dispose()


@pytest.mark.race
def test_upgrades_at_once(database_url: str, engine: Engine, tmp_path: Path) -> None:
    gate = context().Barrier(PROCESSES)
    children = [Started(tmp_path, upgrade_with_the_others, database_url, gate) for _ in range(PROCESSES)]
    assert [child.wait() for child in children] == [0] * PROCESSES, [child.errors for child in children]
    all_of_them = ",".join(schema.revisions())
    assert sorted(child.output.strip() for child in children) == sorted([all_of_them] + ["nothing"] * (PROCESSES - 1))
    assert schema.check(engine) == []


def test_the_second_waits_for_the_first(database_url: str, engine: Engine) -> None:
    other = create_engine(database_url)
    done = threading.Event()

    def upgrade() -> None:
        schema.upgrade(other)
        done.set()

    second = threading.Thread(target=upgrade)
    with schema_lock.exclusive(engine):
        second.start()
        assert not done.wait(0.5)
    assert done.wait(30)
    second.join()
    other.dispose()
    assert schema.status(engine).state == "current"


def test_the_lock_is_let_go_after_a_failure(engine: Engine) -> None:
    for _ in range(2):
        with pytest.raises(SchemaError, match="no revision"):
            schema.upgrade(engine, "nonsense")
    other = create_engine(engine.url)
    schema.upgrade(other)
    other.dispose()


def test_whoever_waits_too_long_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_lock, "WAIT_SECONDS", 1)
    other = create_engine(engine.url)
    try:
        with schema_lock.exclusive(engine), pytest.raises(SchemaError, match="another process"):
            schema.upgrade(other)
    finally:
        other.dispose()


@pytest.mark.server
@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_what_was_done_can_be_seen_before_the_lock_goes(engine: Engine) -> None:
    """Or whoever waited would do the last revision once more."""
    told: list[str] = []
    event.listen(engine, "commit", lambda connection: told.append("commit"))
    event.listen(engine, "before_cursor_execute", lambda *given: told.append(given[2]))
    schema.upgrade(engine)
    stamped = max(place for place, word in enumerate(told) if word.startswith(("UPDATE", "INSERT")))
    released = next(place for place, word in enumerate(told) if "RELEASE_LOCK" in word)
    assert "commit" in told[stamped:released]
