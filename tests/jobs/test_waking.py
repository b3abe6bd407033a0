"""From the press to the mail: a worker is woken at once where the database rings, and looks twice a second elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from flask_w4r.cli.jobs import tools_for
from flask_w4r.cli.thread import embedded_worker
from flask_w4r.services.jobs import rounds
from flask_w4r.services.storage import bell
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.services import POSTGRES

CASE = "/au/cases/ann-example"


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app)
    return host


def press(host: Host, number: int) -> None:
    client = host.app.test_client()
    _, fields = form_fields(client.get(f"{CASE}/sign"), "form_token")
    assert client.post(f"{CASE}/sign", data={**fields, **supporter(number)}).status_code == 303


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@contextmanager
def worker(host: Host, *, interval: float = 3600) -> Iterator[None]:
    """A worker whose regular looks are an hour apart: what it does meanwhile it was woken for, or saw by itself."""
    stop = threading.Event()
    thread = threading.Thread(
        target=rounds.run_until_stopped, args=(host.app, tools_for(host.app, stop=stop)), kwargs={"interval": interval}
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@every_database
def test_each_press_is_mailed_without_a_regular_look(host: Host) -> None:
    with worker(host):
        for number in range(3):
            press(host, number)
            until(lambda number=number: len(host.mailer.messages) == number + 1)  # type: ignore[misc]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_database_rings(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """With looks an hour apart only a ring can wake it; and it stops at once all the same."""
    monkeypatch.setattr(rounds, "LOOK", 3600.0)
    with worker(host):
        until(lambda: listeners(host) == 1)
        press(host, 1)
        until(lambda: len(host.mailer.messages) == 1)
    until(lambda: listeners(host) == 0)


def listeners(host: Host) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND query LIKE 'LISTEN%'"
    engine = create_engine(POSTGRES, poolclass=NullPool)
    with engine.connect() as connection:
        return int(connection.execute(text(asked), {"name": host.engine.url.database}).scalar_one())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_broken_bell_stops_nobody(host: Host) -> None:
    with worker(host):
        until(lambda: listeners(host) == 1)
        engine = create_engine(POSTGRES, poolclass=NullPool)
        with engine.connect() as connection:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n AND query LIKE 'LISTEN%'"
            connection.execute(text(cut), {"n": host.engine.url.database})
        until(lambda: listeners(host) == 0)
        press(host, 1)
        until(lambda: len(host.mailer.messages) == 1)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_crowd_rings_now_and_then(host: Host) -> None:
    """A press does not cost a second statement each time."""
    from sqlalchemy import event

    rung: list[str] = []
    for engine in set(get_state(host.app).engines(host.app)):
        event.listen(
            engine, "before_cursor_execute", lambda *about: rung.append(about[2]) if "NOTIFY" in about[2] else None
        )
    began = time.monotonic()
    for _ in range(50):
        bell.ring(host.app)
    assert 1 <= len(rung) <= 2 + (time.monotonic() - began) / bell.APART


@every_database
def test_a_site_without_a_worker_has_a_thread(make_host: MakeHost) -> None:
    host = make_host(captcha="none", jobs="thread")
    make_campaign(host.app)
    embedded = embedded_worker(host.app)
    assert embedded.thread is None, "nothing starts before the first request"
    try:
        press(host, 1)
        thread: Any = embedded.thread
        until(lambda: len(host.mailer.messages) == 1)
        press(host, 2)
        assert embedded.thread is thread
        until(lambda: len(host.mailer.messages) == 2)
    finally:
        embedded.end()
    assert not thread.is_alive()
