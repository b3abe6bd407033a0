"""A worker that is killed between any two steps of sweeping, promoting and mailing loses no seat and doubles no offer."""

from __future__ import annotations

import email.policy
import multiprocessing
import os
import signal
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from flask_w4r import W4R
from flask_w4r.services.hosting import jobs as event_jobs
from flask_w4r.services.mail import send as mail
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost, every_database

from .guests import Party

LEASE, BATCH = 1.0, 2
STEPS_AT_MOST = 400


class StandingClock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


class Steps:
    """Counts statements, commits and mails handed over, and dies at one of them."""

    def __init__(self, dies_at: int) -> None:
        self.left = dies_at

    def __call__(self, *_: Any, **__: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def work(host: Host, folder: Path, steps: Any = lambda: None) -> None:
    """One round of a worker: what is due for events, then the mails."""

    def hand_over(message: EmailMessage) -> None:
        steps()
        number = len(list(folder.iterdir()))
        (folder / f"{number:04}-{os.getpid()}.eml").write_bytes(message.as_bytes())
        steps()

    def render(kind: str, section: Any, locale: str, context: Any, **_: Any) -> tuple[str, str, str]:
        return kind, f"{kind} {context['rsvp']} {sorted(context['tokens'].items())}", ""

    event_jobs.run_events(host.app)
    mail.run_due(host.app, render=render, mailer=hand_over, lease_seconds=LEASE, batch=BATCH)


def killed_at(host: Host, folder: Path, step: int) -> bool:
    """Have a process of its own do it, and die at a step. Returns whether it came to that step."""

    def child() -> None:
        with host.app.app_context():
            # The connections are the parent's.
            host.db.engine.dispose(close=False)
            engine = get_state(host.app).engines(host.app)[0]
            steps = Steps(step)
            for name in ("before_cursor_execute", "commit"):
                sqlalchemy_event.listen(engine, name, steps)
            work(host, folder, steps)
            host.db.engine.dispose()
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def prepare(host: Host, number: int) -> Party:
    """An offer of both seats ran out; two wait for one each, and after them somebody for two."""
    party = Party(host.app, slug=f"letters-{number}", capacity=2)
    now = party.state.clock() - timedelta(hours=30)
    party.ask(1, 2, now=now)
    party.do("confirm", 1, now=now)
    for guest, size in ((2, 2), (3, 1), (4, 1), (5, 2)):
        party.ask(guest, size, now=now)
        party.do("confirm", guest, now=now)
    party.do("cancel", 1, now=now)
    assert party.states(1, 2, 3, 4, 5) == ["cancelled", "offered", "waitlisted", "waitlisted", "waitlisted"]
    # What came before is not what is looked at here.
    with host.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM w4r_outbox")
    return party


@pytest.mark.kill
@pytest.mark.slow
@every_database
def test_killed_between_any_two_steps(make_host: MakeHost, tmp_path: Path) -> None:
    clock = StandingClock()
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock))
    kills = repeats = 0
    for step in range(1, STEPS_AT_MOST):
        party = prepare(host, step)
        folder = tmp_path / str(step)
        folder.mkdir()
        with host.app.app_context():
            host.db.engine.dispose()
        was_killed = killed_at(host, folder, step)
        party.check()
        clock.now += timedelta(seconds=LEASE + 1)
        work(host, folder)
        kills += was_killed
        party.check()
        assert party.states(1, 2, 3, 4, 5) == ["cancelled", "expired", "offered", "offered", "waitlisted"]
        assert party.event().seats_taken == 2
        rows = {row.id: row for row in party.rows()}
        assert [row.version for row in rows.values()] == [2, 3, 2, 2, 1], "offered once"
        copies: dict[str, list[Any]] = defaultdict(list)
        for path in sorted(folder.iterdir()):
            message = message_from_bytes(path.read_bytes(), policy=email.policy.default)
            copies[str(message["Message-ID"])].append(message)
        said = Counter((str(some[0]["To"]), str(some[0]["Subject"])) for some in copies.values())
        assert said == {
            ("guest2@example.org", "rsvp_expired"): 1,
            ("guest3@example.org", "rsvp_offer"): 1,
            ("guest4@example.org", "rsvp_offer"): 1,
        }
        # Those in hand, of a batch, may go out again, with the same words and the same link.
        again = sum(len(some) - 1 for some in copies.values())
        assert again <= BATCH * was_killed
        repeats += again
        for some in copies.values():
            assert len({message.get_body(("plain",)).get_content() for message in some}) == 1
        if not was_killed:
            break
    else:
        pytest.fail("it never came to an end")
    assert kills > 20 and repeats
