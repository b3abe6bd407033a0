"""A host with many sections, a clock that a test moves, and what an idle round sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.services.audit import record as audit
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import Actor, get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs
from tests.conftest import Host, MakeHost

START = datetime(2026, 12, 10, 0, 20, tzinfo=UTC)
MANY = 20


class Moved:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Moved:
    return Moved()


def site_of(make_host: MakeHost, clock: Moved, number: int) -> Host:
    """A host with so many sections, each with a case and an entry in its log."""
    mailer = RecordingMailer()
    w4r = W4R(mailer=mailer, clock=clock, actor_loader=lambda: Actor("mo", "Mo"), permission_check=lambda *asked: True)
    sections = [
        {"preset": "AU", "code": f"S{n}", "url_prefix": f"/s{n}", "desk_email": f"desk{n}@example.org"}
        for n in range(number)
    ]
    host = make_host(w4r=w4r, sections=sections)
    host.mailer = mailer
    make_campaign(host.app, ("ann-example", "bo-example"))
    write(host)
    return host


def write(host: Host) -> None:
    """An entry in every log."""
    state = get_state(host.app)

    def work(unit: UnitOfWork) -> None:
        for section in state.sections.values():
            audit.append(unit.session, state.keyring, section, audit.CLI, "made", "case:ann", now=state.clock())

    run(host.app, work)


def forget_rhythm(host: Host) -> None:
    """As a worker that was just started."""
    for name in ("pulse_rhythm", "event_rhythm"):
        get_state(host.app).lazy.pop(name, None)


@contextmanager
def listening(host: Host) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(host.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(host.engine, "before_cursor_execute", note)


def idle(host: Host) -> list[str]:
    """The statements of a round of a new worker with nothing to do."""
    for _ in range(2):
        run_jobs(host.app)
    forget_rhythm(host)
    with listening(host) as statements:
        done = run_jobs(host.app)
    assert not [name for name, one in done.items() if any(one.values())], done
    return statements


def write_one(host: Host, code: str) -> None:
    """An entry in one log."""
    state = get_state(host.app)
    run(host.app, lambda work: audit.append(
        work.session, state.keyring, state.sections[code], audit.CLI, "made", "case:bo", now=state.clock()
    ))  # fmt: skip
