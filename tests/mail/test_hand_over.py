"""Handing mails over: who does it, what may go wrong, and what is never told."""

from __future__ import annotations

import logging
import smtplib
import threading
import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import OutboxMail
from flask_w4r.services.mail import outbox as mail_outbox
from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import read, run

from .world import World, told

ANN = "Ann.Canary@mail.example.org"


def test_two_workers_never_hand_over_the_same_mail(world: World) -> None:
    addresses = [f"person{number}@mail.example.org" for number in range(60)]
    world.add_plain(addresses)
    reports = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        reports.append(world.send(batch=5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message["To"] for message in world.postbox.messages) == sorted(addresses)
    assert sum(report.sent for report in reports) == 60


def test_a_second_hand_over_has_the_same_links_and_message_id(world: World) -> None:
    case, *_ = world.add_cases()
    world.sign(case, ANN)

    class Killed(BaseException):
        pass

    def die(message: Any) -> None:
        world.postbox.messages.append(message)
        raise Killed

    world.postbox.before = die
    with pytest.raises(Killed):
        world.send(lease_seconds=60)
    assert world.send() == mail.MailReport()  # Another worker holds it, as far as anybody knows.
    world.clock.move(seconds=61)
    world.postbox.before = None
    assert world.send().sent == 1
    first, second = world.postbox.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert told(first)["tokens"] == told(second)["tokens"]


def test_failures_are_tried_again_later_and_later_then_given_up(world: World) -> None:
    world.add_plain([ANN])
    world.postbox.error = smtplib.SMTPDataError(451, b"later, " + ANN.encode())
    pauses = []
    for attempt in range(1, 28):
        report = world.send()
        (row,) = world.rows()
        assert row.attempts == attempt
        assert row.last_error == "SMTPDataError 451"
        assert report == (mail.MailReport(retried=1) if attempt < 27 else mail.MailReport(failed=1))
        if attempt < 27:
            assert world.send() == mail.MailReport()
            pauses.append(row.not_before - world.clock())
            world.clock.moment = row.not_before
    assert all(timedelta(seconds=24) <= pause <= timedelta(hours=6) for pause in pauses)
    assert all(later > sooner for sooner, later in pairwise(pauses[:9]))
    assert pauses[-1] > timedelta(hours=4)
    assert timedelta(days=3) < sum(pauses, timedelta()) < timedelta(days=5)

    (row,) = world.rows()
    assert row.state == "failed"
    assert row.recipient is not None and row.params is not None
    status = read(world.app, lambda session: mail.outbox_status(session, now=world.clock()))
    assert (status.failed, status.failures[0]["last_error"]) == (1, "SMTPDataError 451")
    world.postbox.error = None
    assert world.send() == mail.MailReport()
    assert run(world.app, lambda work: mail.requeue_failed(work.session, now=world.clock())) == 1
    assert world.send().sent == 1


def test_a_mail_server_that_is_away_ends_the_round(world: World) -> None:
    world.add_plain([f"person{number}@mail.example.org" for number in range(30)])
    world.postbox.error = ConnectionRefusedError(111, "refused")
    report = world.send(batch=20)
    assert (report.retried, report.interrupted) == (5, True)
    rows = world.rows()
    assert [row.attempts for row in rows].count(0) == 25
    assert all(row.claimed_by is None for row in rows)
    world.postbox.error = None
    assert world.send() == mail.MailReport(), "it is left alone for a while"
    assert world.send(anyway=True).sent == 30


def test_no_address_and_no_link_in_logs_or_errors(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    case, *_ = world.add_cases()
    world.sign(case, ANN)
    world.add_plain([ANN])
    canary = ANN.encode()
    errors: list[Exception] = [
        smtplib.SMTPRecipientsRefused({ANN: (450, canary)}),
        smtplib.SMTPSenderRefused(550, canary, ANN),
        smtplib.SMTPServerDisconnected(ANN),
        RuntimeError(ANN),
        OSError(ANN),
    ]
    seen = []
    for error in errors:
        world.postbox.error = error
        world.send()
        seen += [row.last_error or "" for row in world.rows()]
        world.clock.move(hours=2)
    world.postbox.error = None

    def broken(kind: str, section: Any, locale: str, context: Any, **_: Any) -> tuple[str, str, str]:
        raise ValueError(f"{ANN} {context}")

    world.send(render=broken)
    world.clock.move(hours=1)
    world.send()
    assert len(world.postbox.messages) == 2
    secrets = [ANN, ANN.lower(), "canary", *told(world.postbox.messages[0]).get("tokens", {}).values()]
    everything = caplog.text.lower() + " ".join(seen).lower() + " ".join(r.last_error or "" for r in world.rows())
    assert "smtpserverdisconnected" in everything and "valueerror at test_hand_over.py" in everything
    for secret in secrets:
        assert secret.lower() not in everything


def test_one_row_that_cannot_be_read_stops_no_other(world: World) -> None:
    world.add_plain([ANN, "bob@mail.example.org", "cy@mail.example.org", "dee@mail.example.org"])
    first, second, third, _ = world.rows()
    run(world.app, lambda work: [
        work.session.execute(update(OutboxMail).where(OutboxMail.id == first.id).values(section="XX")),
        work.session.execute(update(OutboxMail).where(OutboxMail.id == second.id).values(params=None)),
        work.session.execute(
            update(OutboxMail).where(OutboxMail.id == third.id).values(recipient=world.keyring.seal("a@b@\r\nBcc: x"))
        ),
    ])  # fmt: skip
    assert world.send() == mail.MailReport(sent=1, failed=1, retried=2)
    assert [row.last_error for row in world.rows()] == ["UnknownSection", "SealBroken", "AddressFault", None]


def test_stop_ends_after_the_mail_in_hand_and_gives_the_rest_back(world: World) -> None:
    world.add_plain([f"person{number}@mail.example.org" for number in range(10)])
    assert world.send(stop=lambda: len(world.postbox.messages) >= 3).sent == 3
    assert all(row.claimed_by is None for row in world.rows())
    assert world.send(limit=2).sent == 2
    assert world.send().sent == 5


def test_a_lease_half_spent_takes_no_further_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_plain([f"person{number}@mail.example.org" for number in range(3)])
    world.postbox.before = lambda message: time.sleep(0.12)
    claims = []
    original = mail_outbox.claim

    def counted(*args: Any, **more: Any) -> Any:
        claims.append(1)
        return original(*args, **more)

    monkeypatch.setattr(mail_outbox, "claim", counted)
    assert world.send(lease_seconds=0.2).sent == 3
    assert len(claims) >= 3  # a busy machine may spend half of a lease before its first mail
    assert sorted(world.postbox.kinds) == ["notice"] * 3


def test_a_subject_cannot_smuggle_headers(small_world: World) -> None:
    small_world.add_plain([ANN])
    small_world.send(render=lambda *args, **_: ("Hello\r\nBcc: x@example.org", "text\n", "<p>"))
    (message,) = small_world.postbox.messages
    assert message["Subject"] == "Hello Bcc: x@example.org"
    assert message["Bcc"] is None
