"""A program that is slow, refuses, fails or sends elsewhere: nothing is lost, nothing leaks, and nobody else waits."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.services.webhooks import post as posting
from flask_w4r.services.webhooks import send
from flask_w4r.services.webhooks.call import NotTaken, checked_address, is_public
from flask_w4r.signals import signature_created
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost, every_database
from tests.webhooks.receiver import SECRET, Receiver, receiver


class Clock:
    """The app's time, which a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 12, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Another program."""
    with receiver() as made:
        yield made


def site(make_host: MakeHost, clock: Clock, webhooks: Any) -> Host:
    host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=clock), webhooks=webhooks)
    make_campaign(host.app)
    return host


def tell(host: Host, *numbers: int) -> None:
    """Something happens, so many times."""

    def work(uow: Any) -> None:
        for number in numbers:
            uow.emit(signature_created, signature_id=number, section="AU")

    run(host.app, work)


def turns(host: Host, clock: Clock, *, hours: float, step: float = 0.01) -> None:
    """The worker's turns of some hours, of the app's time."""
    until = clock.now + timedelta(hours=hours)
    while clock.now < until:
        clock.now += timedelta(hours=step)
        step *= 1.5
        send.job(host.app)


def numbers(program: Receiver) -> list[int]:
    return [one["data"]["signature_id"] for one in program.taken]


def waiting(host: Host) -> list[tuple[str, int]]:
    rows = host.rows("SELECT state, attempts FROM w4r_outbox WHERE kind = 'webhook' ORDER BY id")
    return [(row[0], row[1]) for row in rows]


@every_database
def test_one_that_is_away_loses_nothing_and_keeps_nobody_waiting(
    make_host: MakeHost, clock: Clock, other: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with receiver() as away:
        port, table = away.server.server_port, away.table("signature_created")
    host = site(make_host, clock, {"away": table, "there": other.table("signature_created")})
    tell(host, *range(1, 121))
    caplog.set_level(logging.INFO)
    began = time.monotonic()
    for _ in range(5):
        done = send.job(host.app)
    assert time.monotonic() - began < 15
    assert numbers(other) == list(range(1, 121)), "in order, and all of them"
    assert done == {"sent": 0, "retried": 0, "failed": 0}, "left alone for a while"
    rows = host.rows("SELECT count(*), sum(attempts) FROM w4r_outbox WHERE kind = 'webhook' AND state = 'queued'")
    assert (rows[0][0], int(rows[0][1])) == (120, 1), "one was tried, for all of them"
    assert host.rows("SELECT count(*) FROM w4r_mail_stop WHERE name = 'mail'") == [(0,)]
    turns(host, clock, hours=30)
    with receiver(port) as again:
        clock.now += timedelta(hours=7)
        for _ in range(5):
            send.job(host.app)
        assert sorted(numbers(again)) == list(range(1, 121))
        assert len(set(again.ids)) == 120
    assert {state for state, _ in waiting(host)} == {"sent"}
    assert host.rows("SELECT count(*) FROM w4r_outbox WHERE params IS NOT NULL") == [(0,)]
    assert "webhook away takes nothing (away: connection refused)" in caplog.text


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 422, 429, 500, 503])
def test_what_is_refused_is_tried_again_with_the_same_id(
    make_host: MakeHost, clock: Clock, program: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with receiver() as victim:
        program.leads_to = victim.url
        asked: list[str] = []

        def refuse(handler: Any) -> int:
            asked.append(handler.headers["webhook-id"])
            return status

        program.answer = refuse
        host = site(make_host, clock, program.table("signature_created"))
        tell(host, 7)
        with caplog.at_level(logging.DEBUG):
            turns(host, clock, hours=1)
        assert victim.asked == [], "a redirect is not followed"
    assert len(asked) > 3
    assert set(asked) == {asked[0]}
    assert f"status {status}" in caplog.text
    assert "own words" not in caplog.text + str(host.rows("SELECT last_error FROM w4r_outbox"))
    program.answer = lambda handler: 200
    clock.now += timedelta(hours=7)
    send.job(host.app)
    assert program.ids == [asked[0]]
    assert waiting(host)[0][0] == "sent"


def test_one_message_that_is_never_taken_stops_no_other(make_host: MakeHost, clock: Clock, program: Receiver) -> None:
    poison = {"id": ""}

    def picky(handler: Any) -> int:
        poison["id"] = poison["id"] or handler.headers["webhook-id"]
        return 500 if handler.headers["webhook-id"] == poison["id"] else 204

    program.answer = picky
    host = site(make_host, clock, program.table("signature_created"))
    tell(host, *range(1, 10))
    send.job(host.app)
    assert numbers(program) == list(range(2, 10))
    for days in range(9):
        tell(host, 100 + days)
        turns(host, clock, hours=24, step=0.5)
    assert numbers(program) == [*range(2, 10), *range(100, 109)]
    assert [state for state, _ in waiting(host)].count("failed") == 1, "after days, and staff are told"
    assert "1 messages were given up" in host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).output
    poison["id"] = "none"
    host.run("w4r", "mail", "send", "--failed")
    send.job(host.app)
    assert numbers(program)[-1] == 1


def test_one_that_answers_a_byte_at_a_time_is_left_in_time(
    make_host: MakeHost, clock: Clock, program: Receiver, other: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.6)
    monkeypatch.setattr(posting.post, "__kwdefaults__", {"timeout": 0.6})
    released = threading.Event()

    def drip(handler: Any) -> None:
        while not released.wait(0.1):
            try:
                handler.wfile.write(b"H")
                handler.wfile.flush()
            except OSError:
                return

    program.answer = drip
    tables = {"slow": program.table("signature_created"), "quick": other.table("signature_created")}
    host = site(make_host, clock, tables)
    tell(host, 1, 2, 3)
    began = time.monotonic()
    send.job(host.app)
    assert time.monotonic() - began < 3
    released.set()
    assert numbers(other) == [1, 2, 3]
    assert host.rows("SELECT last_error FROM w4r_outbox WHERE last_error IS NOT NULL") == [("slow: timeout",)]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "fd12::9", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "192.0.2.1", "198.18.0.1", "240.0.0.1",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "9.9.9.9", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]"])
def test_private_networks_are_refused_however_they_are_written(
    make_host: MakeHost, clock: Clock, program: Receiver, host: str
) -> None:
    url = f"http://{host}:{program.server.server_port}/"
    table = {"url": url, "events": ["signature_created"], "secret": SECRET}
    made = site(make_host, clock, [{**table, "name": "inside"}])
    tell(made, 1)
    send.job(made.app)
    assert program.asked == []
    error = made.rows("SELECT last_error FROM w4r_outbox")[0][0]
    assert error in ("inside: address not public", "inside: host not found")


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    make_host: MakeHost, clock: Clock, program: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is in charge of a name may answer otherwise the second time (DNS rebinding): nobody asks twice."""
    real, looked = socket.getaddrinfo, []

    def rebinding(host: Any, *more: Any, **named: Any) -> Any:
        if host != "crm.example.org":
            return real(host, *more, **named)
        looked.append(host)
        address = "93.184.215.14" if len(looked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, program.server.server_port))]

    connected: list[Any] = []

    def connect(address: Any, *more: Any, **named: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(socket, "create_connection", connect)
    url = f"http://crm.example.org:{program.server.server_port}/"
    host = site(make_host, clock, [{"url": url, "events": ["signature_created"], "secret": SECRET}])
    tell(host, 1)
    send.job(host.app)
    assert connected == [("93.184.215.14", program.server.server_port)]
    assert looked == ["crm.example.org"]
    with pytest.raises(NotTaken, match="not public"):
        checked_address("crm.example.org", 80, allow_private=False)


def test_a_name_with_one_private_address_among_public_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(0, 0, 0, "", (one, 80)) for one in ("1.1.1.1", "192.168.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **n: both)
    with pytest.raises(NotTaken, match="not public"):
        checked_address("crm.example.org", 80, allow_private=False)
    assert checked_address("crm.example.org", 80, allow_private=True) == "1.1.1.1"


def test_old_and_new_secret_sign_together(make_host: MakeHost, clock: Clock, program: Receiver) -> None:
    new = "whsec_" + "A" * 43 + "="
    host = site(make_host, clock, program.table("signature_created", secret=[new, SECRET]))
    tell(host, 1)
    assert send.job(host.app)["sent"] == 1, "whoever knows the old secret alone can check it"


def test_what_waits_for_one_that_is_gone_does_not_wait_for_ever(
    make_host: MakeHost, clock: Clock, program: Receiver, database: str
) -> None:
    host = site(make_host, clock, program.table("signature_created"))
    tell(host, 1)
    left = make_host(database, upgrade=False, webhooks=[])
    assert send.job(left.app) == {"sent": 0, "retried": 0, "failed": 0}
    assert send.forget_gone(left.app) == {"gone": 1}
    assert send.forget_gone(left.app) == {"gone": 0}
    assert left.rows("SELECT state FROM w4r_outbox WHERE kind = 'webhook'") == [("failed",)]
