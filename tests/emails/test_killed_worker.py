"""Five hundred emails to one target, sixty an hour, through workers that are killed and a case that closes."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flask_w4r.services.emails import drip
from flask_w4r.services.mail import send as mail
from flask_w4r.state import get_state
from tests.conftest import Host, MakeHost, every_database
from tests.rsvps.test_killed_worker import Steps

from .world import Clock, change_case, make_world, put_emails

COUNT, PER_HOUR, KILLS = 500, 60, 11
LEASE = 30.0


def work(host: Host, folder: Path, steps: Any = lambda *_: None) -> None:
    """One round of a worker: what may leave, then the mails, each a file named by its moment."""
    state = get_state(host.app)

    def hand_over(message: EmailMessage) -> None:
        steps()
        name = f"{state.clock().timestamp():.0f}-{len(list(folder.iterdir())):04}.eml"
        (folder / name).write_bytes(message.as_bytes())
        steps()

    from flask_w4r.cli.jobs import tools_for

    tools = tools_for(host.app)
    drip.job(host.app, tools)
    mail.run_due(host.app, render=tools.render, mailer=hand_over, lease_seconds=LEASE)


def killed_at(host: Host, folder: Path, step: int) -> bool:
    """Have a process of its own do it, and die at a step. Returns whether it came to that step."""

    def child() -> None:
        from sqlalchemy import event

        with host.app.app_context():
            # The connections are the parent's.
            host.db.engine.dispose(close=False)
            engine, steps = get_state(host.app).engines(host.app)[0], Steps(step)
            for name in ("before_cursor_execute", "commit"):
                event.listen(engine, name, steps)
            work(host, folder, steps)
            host.db.engine.dispose()
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_none_twice_none_after_the_close_and_all_that_left_counted(make_host: MakeHost, tmp_path: Path) -> None:
    clock = Clock()
    host = make_world(make_host, clock, {"per_hour": PER_HOUR, "opens": "00:00", "closes": "23:59"})
    put_emails(host, COUNT)
    folder = tmp_path / "mails"
    folder.mkdir()
    kills, minute = 0, 0
    closes = random.randint(68, 74)
    while minute < closes:
        # Rounds of an hour pass without harm; in between workers die, each at another step.
        if minute % 6 == 5 and kills < KILLS:
            with host.app.app_context():
                host.db.engine.dispose()
            kills += killed_at(host, folder, 1 + kills * 3)
            clock.move(seconds=LEASE + 1)
        else:
            work(host, folder)
            clock.move(minutes=1)
            minute += 1
            continue
        minute += 1
    change_case(host, status="closed")
    closed_at = clock.now
    for _ in range(5):
        work(host, folder)
        clock.move(minutes=1)
    assert kills == KILLS
    files = sorted(folder.iterdir())
    moments = [int(path.name.partition("-")[0]) for path in files]
    messages = [message_from_bytes(path.read_bytes()) for path in files]
    ids = Counter(message["Message-ID"] for message in messages)
    subjects = {message["Message-ID"]: message["Subject"] for message in messages}
    assert len(set(subjects.values())) == len(ids), "an email has one Message-ID, whoever died meanwhile"
    assert max(moments) <= closed_at.timestamp()
    assert sum(ids.values()) - len(ids) <= kills, "in hand when a worker died"
    assert all(sum(begin <= one < begin + 3600 for one in moments) <= PER_HOUR for begin in moments)
    sent = host.rows("SELECT count(*) FROM w4r_email WHERE state = 'sent'")[0][0]
    counted = host.rows("SELECT coalesce(sum(count), 0) FROM w4r_tally WHERE action_type = 'email'")[0][0]
    assert sent == counted == len(ids)
    # Each that died cost a minute.
    assert PER_HOUR - kills < sent < COUNT
