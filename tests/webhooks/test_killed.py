"""A worker process is killed again and again; every message arrives, and a repeat is recognisable."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.keyring import generate_key
from tests.conftest import MakeHost, every_database
from tests.processes import Started
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_sending import tell
from tests.webhooks.worker import run

MESSAGES, KILLS = 200, 5


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_killed_workers_lose_nothing(make_host: MakeHost, database: str, program: Receiver, tmp_path: Path) -> None:
    keys = {"encryption_keys": [generate_key()], "index_key": generate_key()}
    host = make_host(webhooks=program.table("signature_created"), **keys)
    tell(host, *range(MESSAGES))
    settings: dict[str, Any] = {
        name: value for name, value in host.app.config.items() if name.startswith(("W4R_", "SECRET_KEY", "TESTING"))
    }
    settings["SQLALCHEMY_DATABASE_URI"] = database
    given = {"W4R_SITE_SETTINGS": json.dumps(settings)}
    caught = threading.Event()
    for _ in range(KILLS):
        goal = len(program.taken) + random.randint(5, MESSAGES // (2 * KILLS))
        worker = Started(tmp_path, run, 0.5, environment=given)

        def strike(handler: Any, worker: Started = worker, goal: int = goal) -> int:
            # Just between hand-over and record.
            if len(program.taken) >= goal and not caught.is_set():
                caught.set()
                worker.send_signal(9)
            return 204

        program.answer = strike
        wait_for(caught.is_set)
        worker.wait()
        caught.clear()
        program.answer = lambda handler: 204
    worker = Started(tmp_path, run, 0.5, environment=given)
    sent = "SELECT count(*) FROM w4r_outbox WHERE kind = 'webhook' AND state = 'sent'"
    wait_for(lambda: host.rows(sent) == [(MESSAGES,)])
    worker.kill()
    by_number = {}
    for one, name in zip(program.taken, program.ids, strict=True):
        assert by_number.setdefault(one["data"]["signature_id"], name) == name, "a repeat has the same id"
    assert sorted(by_number) == list(range(MESSAGES))
    assert max(Counter(program.ids).values()) <= KILLS + 1
