"""What real servers answer when they do not take a mail, and what becomes of the mail and of the address."""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flask_w4r.models import Suppression
from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import read

from .world import World

ANN = "Ann.Canary@mail.example.org"
#: Code and text as they arrive, and whether they say clearly that the mailbox is not there. ``{}``: the address.
REPLIES: list[tuple[int, str, bool]] = [
    # RFC 3463, 3.2, and the registry "SMTP Enhanced Status Codes" (IANA).
    (550, "5.1.1 <{}>: Recipient address rejected: User unknown in virtual mailbox table", True),  # Postfix
    (550, "5.1.1 <{}>: Recipient address rejected: User unknown in relay recipient table", True),
    (550, "5.1.1 The email account that you tried to reach does not exist.\n5.1.1 Please try double-checking", True),  # Gmail
    (550, "5.1.2 <{}>... Host unknown (Name server: mail.example.org.: host not found)", True),  # Sendmail
    (501, "5.1.3 Bad recipient address syntax", True),
    (553, "5.1.3 <{}>... User address required", True),
    (550, "5.1.6 <{}>: mailbox has moved to nowhere", True),
    (556, "5.1.10 <{}>: Recipient address rejected: Domain does not accept mail (nullMX)", True),  # RFC 7505
    (550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", True),  # Exchange Online
    # A relay that will not have *us*.
    (550, "relay not permitted", False),  # Exim
    (554, "5.7.1 <{}>: Relay access denied", False),  # Postfix
    (550, "5.7.23 SPF validation failed", False),  # RFC 7372
    (550, "5.1.1 SPF check failed for the domain of the sender", False),
    (550, "5.1.1 Message rejected: blocked by our policy", False),
    # 5.1.x about the sender, not about the address.
    (501, "5.1.7 Bad sender address syntax", False),
    (550, "5.1.8 Access denied, bad outbound sender AS(42004)", False),  # Exchange Online
    (550, "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", False),
    (550, "5.1.20 Multiple From addresses specified", False),
    (550, "5.1.0 Address rejected", False),
    (553, "5.1.4 <{}>: ambiguous", False),
    # One that verifies addresses tells what the next server said of *it*.
    (550, "5.1.1 <{}>: Recipient address rejected: undeliverable address: host mx.example.org[192.0.2.1] said: "
          "550 5.7.1 Service unavailable; client host blocked (in reply to RCPT TO command)", False),
    (550, "5.1.1 <{}>: undeliverable address: host mx.example.org[192.0.2.1] said: 550 no thanks", False),
    # A code that is not at the beginning may be part of the address.
    (550, "relaying denied for <5.1.1@mail.example.org>", False),
    (550, "cuda_nsu 5.1.1 <{}>: Recipient address rejected", False),
    # Anything may be meant.
    (550, "No such user", False),
    (550, "5.7.1 No such user!", False),  # Yandex
    (550, "5.5.0 Requested action not taken: mailbox unavailable", False),  # Outlook.com
    (550, "5.4.1 Recipient address rejected: Access denied", False),  # Exchange Online
    (551, "User not local", False),
    (552, "5.2.2 Mailbox full: quota exceeded", False),
    (550, "5.2.1 The email account that you tried to reach is disabled.", False),
    (550, "5.4.5 Daily user sending quota exceeded.", False),  # Gmail
    (550, "", False),
    # Later.
    (450, "4.2.0 <{}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/", False),
    (451, "4.7.1 Please try again later", False),
    (452, "4.2.2 The email account that you tried to reach is over quota.", False),
    (421, "4.7.0 Try again later, closing connection.", False),
    (450, "5.1.1 <{}>: a code that contradicts itself", False),
    (550, "4.2.2 <{}>: so does this", False),
]  # fmt: skip


def suppressed(world: World) -> list[str]:
    return read(world.app, lambda session: list(session.scalars(select(Suppression.reason))))


def test_only_a_clear_word_about_the_mailbox_silences_it_and_all_else_is_tried_again(small_world: World) -> None:
    """One round with all of them, among as many mails again that are taken."""
    world = small_world
    answers = {f"person{number}@mail.example.org": reply for number, reply in enumerate(REPLIES)}
    for number, address in enumerate(answers):
        world.add_plain([address, f"a{number}@mail.example.org", f"b{number}@mail.example.org"])

    def answer(message: Any) -> None:
        address = str(message["To"])
        if address in answers:
            code, text, _ = answers[address]
            raise smtplib.SMTPRecipientsRefused({address: (code, text.format(address).encode())})

    world.postbox.before = answer
    report = world.send()
    gone = {address for address, (_, _, is_gone) in answers.items() if is_gone}
    assert (report.sent, report.failed, report.interrupted) == (2 * len(REPLIES), len(gone), False)
    assert {world.keyring.open(row.recipient or "") for row in world.rows() if row.state == "failed"} == gone
    assert suppressed(world) == ["bounced"] * len(gone)
    waiting = [row for row in world.rows() if row.state == "queued"]
    assert len(waiting) == len(REPLIES) - len(gone)
    assert all(not any(word in (row.last_error or "") for word in ("@", "person", "<")) for row in waiting)
    assert "SMTPRecipientsRefused 554 5.7.1" in {row.last_error for row in waiting}
    assert all(row.not_before >= world.clock() + timedelta(minutes=24) for row in waiting
               if "Refused 5" in (row.last_error or ""))  # fmt: skip


@pytest.mark.parametrize(
    ("error", "hours", "tries"),
    [
        (smtplib.SMTPDataError(550, b"5.1.1 no such user"), 6, 30),
        (smtplib.SMTPSenderRefused(550, b"5.1.8 bad outbound sender", "w4r@example.org"), 6, 30),
        (smtplib.SMTPRecipientsRefused({ANN: (552, b"5.2.2 quota exceeded")}), 6, 30),
        (smtplib.SMTPRecipientsRefused({ANN: (451, b"4.7.1 greylisted")}), 6, 30),
        # Where few mails wait for a server that is away for a night, nobody else's finds out in the morning that it is back.
        (smtplib.SMTPServerDisconnected("gone"), 1, 120),
    ],
)
def test_a_mail_is_tried_for_four_days_with_growing_pauses(
    small_world: World, error: Exception, hours: int, tries: int
) -> None:
    """Others have their mail meanwhile, so that it is not the server."""
    world = small_world
    world.add_plain([ANN])

    def answer(message: Any) -> None:
        if message["To"] == ANN:
            raise error

    world.postbox.before = answer
    began, pauses = world.clock(), []
    while True:
        world.send()
        row = world.rows()[0]
        if row.state == "failed":
            break
        assert world.send() == mail.MailReport(), "not before its time"
        pauses.append(row.not_before - world.clock())
        world.clock.moment = row.not_before
        world.add_plain([f"other{len(pauses)}@mail.example.org"])
    assert timedelta(days=3.5) < world.clock() - began < timedelta(days=5)
    assert pauses[0] < pauses[2] < pauses[-1] <= timedelta(hours=hours)
    assert len(pauses) < tries
    assert row.recipient is not None and row.params is not None, "staff may try it again"
    assert suppressed(world) == []


def test_a_relay_that_turns_to_refusing_silences_nobody(small_world: World) -> None:
    """It takes most of a round, and then nobody's; too few to stop for."""
    world = small_world
    world.add_plain([f"person{number}@mail.example.org" for number in range(12)])

    def answer(message: Any) -> None:
        if len(world.postbox.messages) >= 9:
            raise smtplib.SMTPRecipientsRefused({str(message["To"]): (550, b"5.1.1 user unknown")})

    world.postbox.before = answer
    assert world.send() == mail.MailReport(sent=9, retried=3)
    for _ in range(5):
        world.clock.move(hours=2)
        assert world.send().sent == 0
    assert suppressed(world) == []
    world.postbox.before = None
    world.clock.move(hours=7)
    world.send()
    world.clock.move(hours=7)
    world.send()
    assert len(world.postbox.messages) == 12


def test_one_at_the_end_of_a_round_is_believed(small_world: World) -> None:
    world = small_world
    world.add_plain(["bo@mail.example.org", "cy@mail.example.org", ANN])

    def answer(message: Any) -> None:
        if message["To"] == ANN:
            raise smtplib.SMTPRecipientsRefused({ANN: (550, b"5.1.1 user unknown")})

    world.postbox.before = answer
    assert world.send() == mail.MailReport(sent=2, failed=1)
    assert suppressed(world) == ["bounced"]
