"""Many sign while the worker is killed again and again: nobody is lost, and a repeat is recognisable."""

from __future__ import annotations

import email.policy
import json
import os
import queue
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.services.mail.leaving import TOGETHER
from flask_w4r.testing import form_fields, make_campaign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.processes import Started, run_module

from .helpers import CASE, column

SIGNERS, THREADS, KILLS = 500, 16, 10
HELD_BACK = ("SQLALCHEMY_DATABASE_URI", "SECRET_KEY")


def start_worker(host: Host, folder: Path) -> Started:
    """``flask w4r jobs run`` in a process of its own, which writes each mail into a folder."""
    settings: dict[str, Any] = {
        key: value for key, value in host.app.config.items() if key.startswith("W4R_") or key in HELD_BACK
    }
    settings |= {"TESTING": True, "W4R_MAIL_URL": f"file:{folder}"}
    command = ["flask", "--app", "tests.own_process", "w4r", "jobs", "run"]
    command += ["--lease-seconds", "1", "--interval", "0.1", "--batch", "20"]
    environment = {"W4R_SITE_SETTINGS": json.dumps(settings)}
    return Started(folder.parent, run_module, *command, environment=environment)


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


def sign_them_all(host: Host) -> tuple[list[threading.Thread], list[int]]:
    """Begin to sign, from so many threads; returns them, and the list that their answers' codes go to."""
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(SIGNERS):
        numbers.put(number)
    codes: list[int] = []
    # Templates are compiled before there are threads: Python 3.11 may trip when several compile (gh-106905).
    host.app.test_client().get(f"{CASE}/sign")

    def work() -> None:
        client = host.app.test_client()
        tokens = form_fields(client.get(f"{CASE}/sign"), "form_token")[1]
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                return
            # What was written down waits for the worker that is killed; nobody here takes it in.
            codes.append(client.post(f"{CASE}/sign", data={**tokens, **supporter(number)}).status_code)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    return threads, codes


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_signing_while_the_worker_dies_ten_times(
    make_host: MakeHost, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    generous = dict.fromkeys(("sign_host", "sign_site", "sign_block"), "100000/minute")
    host = make_host(captcha="none", rate_limits=generous)
    make_campaign(host.app)

    def arrived() -> int:
        return sum(name.endswith(".eml") for name in os.listdir(folder))

    worker = start_worker(host, folder)
    threads, codes = sign_them_all(host)
    for _ in range(KILLS):
        goal = arrived() + random.randint(1, SIGNERS // (2 * KILLS))
        wait_for(lambda goal=goal: arrived() >= goal)  # type: ignore[misc]
        worker.kill()
        worker = start_worker(host, folder)
    for thread in threads:
        thread.join()
    assert Counter(codes) == {303: SIGNERS}
    assert len(column(host, "id")) == SIGNERS
    confirm = "SELECT count(*) FROM w4r_outbox WHERE kind = 'confirm' AND state = 'sent'"
    wait_for(lambda: host.rows(confirm)[0][0] == SIGNERS)
    worker.stop()
    assert "@" not in worker.output

    copies: dict[str, list[Any]] = defaultdict(list)
    for path in folder.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
        copies[str(message["To"])].append(message)
    assert set(copies) == {supporter(number)["email"] for number in range(SIGNERS)}
    for messages in copies.values():
        assert len({message["Message-ID"] for message in messages}) == 1
        assert len({message.get_body(("plain",)).get_content() for message in messages}) == 1, "the same link"
    assert len({messages[0]["Message-ID"] for messages in copies.values()}) == SIGNERS
    repeats = sum(len(messages) - 1 for messages in copies.values())
    record_property("repeats", repeats)
    print(f"{SIGNERS} signers, {KILLS} kills, {repeats} mails handed over twice")
    # So many are in hand at most when a worker dies.
    assert repeats <= KILLS * TOGETHER
    assert host.rows("SELECT count(*) FROM w4r_outbox WHERE state NOT IN ('sent', 'queued')")[0][0] == 0
