"""Hundreds of mails: few statements, several connections, and a server that takes none of them."""

from __future__ import annotations

import smtplib
import threading
from typing import Any

from sqlalchemy import event, select

from flask_w4r.mailers import SMTPMailer
from flask_w4r.models import Suppression
from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import read

from .sink import Sink
from .world import World, told

ANN = "Ann.Canary@mail.example.org"


def test_a_day_of_refusals_costs_no_mail_and_no_address(world: World) -> None:
    """On every database; of other ills, and by the minute, see ``test_journeys``."""
    addresses = [f"person{number}@mail.example.org" for number in range(20)]
    world.add_plain(addresses)
    world.postbox.error = smtplib.SMTPRecipientsRefused({ANN: (550, b"5.1.1 no such user")})
    for _ in range(8):
        report = world.send()
        assert (report.failed, report.retried, report.interrupted) == (0, 5, True)
        assert world.send() == mail.MailReport(), "it is left alone for a while"
        world.clock.move(hours=3)
    assert {row.state for row in world.rows()} == {"queued"}
    assert read(world.app, lambda session: list(session.scalars(select(Suppression.reason)))) == []
    world.postbox.error = None
    assert world.send().sent == 20
    assert {message["To"] for message in world.postbox.messages} == set(addresses)


def test_who_has_no_mailbox_is_believed_once_others_had_their_mail(world: World) -> None:
    """Alone in its round, a refusal proves nothing; it is tried again, and by then the server has taken another's."""
    world.add_plain([ANN])
    gone = smtplib.SMTPRecipientsRefused({ANN: (550, b"5.1.1 no such user")})

    def refuse(message: Any) -> None:
        if message["To"] == ANN:
            raise gone

    world.postbox.before = refuse
    assert world.send() == mail.MailReport(retried=1)
    world.clock.move(minutes=15)
    world.add_plain(["bo@mail.example.org"])
    assert world.send() == mail.MailReport(sent=1)
    world.clock.move(minutes=30)
    assert world.send() == mail.MailReport(failed=1)
    assert read(world.app, lambda session: list(session.scalars(select(Suppression.reason)))) == ["bounced"]


def test_a_hundred_mails_are_a_handful_of_statements(world: World) -> None:
    cases = world.add_cases()
    addresses = [f"person{number}@mail.example.org" for number in range(100)]
    for address in addresses:
        for case in cases:
            world.add_signature(case, address)
        world.enqueue("confirm", address, {"cases": cases})
    sent: list[str] = []
    engine, _ = world.state.engines(world.app)
    note = lambda *about: sent.append(about[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    assert world.send().sent == 100
    event.remove(engine, "before_cursor_execute", note)
    assert len(sent) <= 60, sent
    assert [len(told(message)["cases"]) for message in world.postbox.messages] == [3] * 100
    assert len(world.rows("reminder")) == 100


def test_several_connections_at_once(world: World, sink: Sink) -> None:
    addresses = [f"person{number}@mail.example.org" for number in range(12)]
    world.add_plain(addresses)
    together = threading.Barrier(3)
    sink.on_message = lambda raw: _meet(together)
    mailer = SMTPMailer("127.0.0.1", sink.port, connections=3)
    assert world.send(mailer=mailer).sent == 12
    mailer.close()
    assert sink.connections == 3
    assert sorted(message["To"] for message in sink.messages) == sorted(addresses)


def _meet(together: threading.Barrier) -> None:
    together.wait(20)
