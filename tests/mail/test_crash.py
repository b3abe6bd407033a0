"""A worker process is killed again and again; every mail arrives, and a repeat is recognisable."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flask_w4r.services.mail.leaving import TOGETHER
from tests.processes import Started, run_module

from .sink import Sink
from .world import World, real_clock, told

MAILS = 120
KILLS = 10


def start_worker(folder: Path, url: str, sink: Sink) -> Started:
    return Started(folder, run_module, "tests.mail.worker", url, str(sink.port), "1")


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.mark.kill
@pytest.mark.slow
def test_killed_workers_lose_nothing(
    database_url: str, engine: Engine, sink: Sink, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    world = World(engine, real_clock)
    cases = world.add_cases(2)
    addresses = [f"person{number}@mail.example.org" for number in range(MAILS)]
    for address in addresses:
        for case in cases:
            world.add_signature(case, address)
        world.enqueue("confirm", address, {"cases": cases})

    for number in range(KILLS):
        worker = start_worker(tmp_path, database_url, sink)
        goal = len(sink.raw) + random.randint(1, MAILS // (2 * KILLS))
        if number % 2:
            # Just between hand-over and record: the server has kept the mail, the worker does not know it yet.
            caught = threading.Event()

            def strike(
                raw: bytes, worker: Started = worker, caught: threading.Event = caught, goal: int = goal
            ) -> None:
                if len(sink.raw) >= goal and not caught.is_set():
                    worker.send_signal(signal.SIGKILL)
                    caught.set()

            sink.on_message = strike
            wait_for(caught.is_set)
            assert worker.wait() == -signal.SIGKILL
            sink.on_message = lambda raw: None
        else:
            wait_for(lambda goal=goal: len(sink.raw) >= goal)  # type: ignore[misc]
            worker.kill()

    worker = start_worker(tmp_path, database_url, sink)
    wait_for(lambda: all(row.state == "sent" for row in world.rows("confirm")))
    worker.stop()
    assert "@" not in worker.output

    by_recipient = defaultdict(list)
    for message in sink.messages:
        by_recipient[str(message["To"])].append(message)
    assert sorted(by_recipient) == sorted(addresses)
    for copies in by_recipient.values():
        assert len({copy["Message-ID"] for copy in copies}) == 1
        assert len({str(told(copy)["tokens"]) for copy in copies}) == 1
    assert len({copies[0]["Message-ID"] for copies in by_recipient.values()}) == MAILS
    repeats = sum(len(copies) - 1 for copies in by_recipient.values())
    record_property("repeats", repeats)
    # So many are in hand at most when a worker dies.
    assert KILLS // 2 <= repeats <= KILLS * TOGETHER
    assert Counter(row.state for row in world.rows("reminder")) == {"queued": MAILS}
