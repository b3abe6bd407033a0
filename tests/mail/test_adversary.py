"""A mail server that hangs, hangs up, drips, talks without end, answers late, or lies."""

from __future__ import annotations

import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r import mailers
from flask_w4r.errors import Unanswered
from flask_w4r.mailers import SMTPMailer
from flask_w4r.models import Suppression
from flask_w4r.seam import Tools
from flask_w4r.services.mail.faults import classify
from flask_w4r.services.storage.unit_of_work import read

from .sink import Sink
from .test_mailers import message
from .world import World

ANN = "Ann.Canary@mail.example.org"


def mailer_for(sink: Sink, **more: Any) -> SMTPMailer:
    return SMTPMailer("127.0.0.1", sink.port, **{"timeout": 0.3, "deadline": 0.6, **more})


@pytest.mark.parametrize("trick", ["silence", "close", "drip", "endless"])
@pytest.mark.parametrize("at", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
def test_before_the_words_were_sent_it_is_tried_soon(sink: Sink, at: str, trick: str) -> None:
    mailer = mailer_for(sink)
    sink.tricks = {at: trick}
    with pytest.raises((smtplib.SMTPException, OSError)) as caught:
        mailer(message())
    fault = classify(caught.value)
    assert (fault.sort, fault.patience) == ("away", "away")
    sink.tricks = {}
    mailer(message())
    assert len(sink.raw) == 1
    mailer.close()


@pytest.mark.parametrize("tricks", [{"END": "silence"}, {"END": "close"}, {"END": "drip"}, {"END": "endless"},
                                    {"BODY": "close"}])  # fmt: skip
def test_a_whole_mail_without_an_answer_may_have_been_taken(sink: Sink, tricks: dict[str, str]) -> None:
    mailer = mailer_for(sink)
    sink.tricks = tricks
    with pytest.raises(Unanswered) as caught:
        mailer(message())
    fault = classify(caught.value)
    assert (fault.text, fault.sort, fault.patience) == ("Unanswered", "away", "unanswered")
    mailer.close()


def test_who_never_answers_gets_few_copies_that_are_told_apart(small_world: World, sink: Sink) -> None:
    world = small_world
    world.add_plain([ANN])
    sink.tricks = {"END": "close"}
    mailer = mailer_for(sink)
    began = world.clock()
    while world.rows()[0].state == "queued":
        world.clock.moment = world.rows()[0].not_before
        world.send(mailer=mailer)
    assert len(sink.raw) <= 8
    assert world.clock() - began > timedelta(days=3)
    assert len({copy["Message-ID"] for copy in sink.messages}) == 1
    assert read(world.app, lambda session: session.scalars(select(Suppression.reason)).all()) == []
    mailer.close()


def test_an_answer_that_is_late_is_waited_for(sink: Sink) -> None:
    """A server that looks for viruses keeps its sender waiting, longer than any other step takes."""
    released = threading.Event()
    timer = threading.Timer(0.5, released.set)
    sink.on_message = lambda raw: (timer.start(), released.wait(10))[0]
    mailer = mailer_for(sink, timeout=0.1, deadline=20)
    mailer(message())
    sink.on_message = lambda raw: None
    mailer(message())
    assert (len(sink.raw), sink.connections) == (2, 1)
    mailer.close()


@pytest.mark.parametrize("reply", [b"250 2.0.0 queued", b"251 fine", b"200 OK", b"250-first\r\n250 second"])
def test_any_good_answer_means_that_it_was_taken(sink: Sink, reply: bytes) -> None:
    """The first digit says it (RFC 5321, 4.2.1); the mail would leave again and again."""
    mailer = mailer_for(sink)
    sink.replies = {"END": reply}
    mailer(message())
    mailer.close()


@pytest.mark.parametrize("reply", [b"hello", b"", b"\xff\xfe\x00", b"999 what", b"25", b"250 " + b"x" * 9000])
def test_nonsense_is_no_answer(small_world: World, sink: Sink, reply: bytes) -> None:
    world = small_world
    mailer = mailer_for(sink)
    for at in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END"):
        sink.replies = {at: reply}
        world.add_plain([f"{at}@mail.example.org"])
        assert world.send(mailer=mailer).failed == 0
        world.clock.move(hours=3)
    sink.replies = {}
    world.clock.move(hours=40)
    world.send(mailer=mailer, anyway=True)
    assert {row.state for row in world.rows()} == {"sent"}
    assert read(world.app, lambda session: session.scalars(select(Suppression.reason)).all()) == []
    mailer.close()


def test_a_mail_that_a_server_cannot_carry_is_not_the_servers_fault(small_world: World) -> None:
    """An address in letters that an old server does not take: others' mail leaves."""
    world = small_world
    world.add_plain([f"person{number}@mail.example.org" for number in range(8)])

    def cannot(message: Any) -> None:
        if message["To"] != "person7@mail.example.org":
            raise smtplib.SMTPNotSupportedError("SMTPUTF8")

    world.postbox.before = cannot
    report = world.send()
    assert (report.sent, report.retried, report.interrupted) == (1, 7, False)


def test_the_lease_outlives_any_hand_over() -> None:
    """Else another worker would begin a mail that is still in hand."""
    lease = Tools(lambda *given: None, lambda given: None).lease_seconds
    assert lease / 2 > mailers.DEADLINE
