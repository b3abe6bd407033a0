from __future__ import annotations

import logging
import smtplib
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from flask_w4r.models import Case, OutboxMail, Suppression, Token
from flask_w4r.services import mail, tokens
from flask_w4r.services.unit_of_work import read, run

from .world import SENDER, World, told

ANN = "Ann.Canary@mail.example.org"


def test_a_confirmation_leaves_with_links_and_is_wiped(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.sign(case, ANN)
    assert world.send().sent == 1

    (message,) = world.postbox.messages
    row = world.rows("confirm")[0]
    assert (message["From"], message["To"]) == (SENDER, ANN)
    assert message["Message-ID"] == f"<{row.message_id}@mail.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    context = told(message)
    assert (context["cases"], context["expires_days"]) == ([case], 7)
    for purpose in ("confirm", "not_me"):
        raw = context["tokens"][purpose]
        view = read(world.app, lambda s, raw=raw, p=purpose: tokens.find(s, "AU", p, raw, now=world.clock()))
        assert view.payload == [[number, 1]]

    assert (row.state, row.recipient, row.params, row.dedupe, row.claimed_by) == ("sent", None, None, None, None)
    assert row.sent_at == world.clock()
    assert world.send() == mail.MailReport()


def test_several_cases_are_one_mail(world: World) -> None:
    cases = world.add_cases()
    for case in cases:
        world.add_signature(case, ANN)
    world.enqueue("confirm", ANN, {"cases": cases[::-1]})
    assert world.send().sent == 1
    assert told(world.postbox.messages[0])["cases"] == cases


def test_what_is_no_longer_pending_at_that_version_is_left_out(world: World) -> None:
    cases = world.add_cases()
    numbers = [world.add_signature(case, ANN) for case in cases]
    world.enqueue("confirm", ANN, {"signatures": [[number, 1] for number in numbers]})
    world.set_signature(numbers[0], version=2)
    world.set_signature(numbers[1], state="confirmed")
    assert world.send().sent == 1
    assert told(world.postbox.messages[0])["cases"] == [cases[2]]


@pytest.mark.parametrize("status", ["closed", "freed", "withdrawn"])
def test_no_mail_about_a_case_that_takes_no_signatures(world: World, status: str) -> None:
    case, *_ = world.add_cases()
    world.sign(case, ANN)
    run(world.app, lambda work: work.session.execute(update(Case).values(status=status)))
    assert world.send() == mail.MailReport(dropped=1)
    (row,) = world.rows()
    assert (row.state, row.recipient, row.params, row.dedupe) == ("dropped", None, None, None)
    assert read(world.app, lambda session: session.scalar(select(func.count(Token.id)))) == 0


def test_already_signed_says_nothing_of_a_withdrawn_case(world: World) -> None:
    first, second, _ = world.add_cases()
    for case in (first, second):
        world.add_signature(case, ANN, state="confirmed")
    run(world.app, lambda work: work.session.execute(update(Case).where(Case.id == first).values(status="withdrawn")))
    world.enqueue("already_signed", ANN, {"cases": [first, second]})
    assert world.send().sent == 1
    context = told(world.postbox.messages[0])
    assert (context["cases"], list(context["tokens"])) == ([second], ["not_me"])
    assert world.rows("reminder") == []


def test_one_mail_for_one_matter(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.add_signature(case, ANN)
    answers = []
    start = threading.Barrier(10)

    def press() -> None:
        start.wait()
        answers.append(world.enqueue("confirm", ANN, {"signatures": [[number, 1]]}, matter="m", replace=False))

    threads = [threading.Thread(target=press) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 9 + [True]
    assert world.send().sent == 1


def test_the_newest_version_wins(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.add_signature(case, ANN)
    world.enqueue("confirm", ANN, {"signatures": [[number, 1]]}, matter="m")
    world.set_signature(number, version=2)
    assert world.enqueue("confirm", ANN, {"signatures": [[number, 2]]}, matter="m")
    assert world.send() == mail.MailReport(sent=1)
    raw = told(world.postbox.messages[0])["tokens"]["confirm"]
    assert read(world.app, lambda s: tokens.find(s, "AU", "confirm", raw, now=world.clock())).payload == [[number, 2]]


def test_a_new_version_signed_during_hand_over_still_goes_out(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.add_signature(case, ANN)
    world.enqueue("confirm", ANN, {"signatures": [[number, 1]]}, matter="m")

    def sign_again(message: Any) -> None:
        world.postbox.before = None
        world.set_signature(number, version=2)
        assert world.enqueue("confirm", ANN, {"signatures": [[number, 2]]}, matter="m")

    world.postbox.before = sign_again
    assert world.send().sent == 2
    assert len({message["Message-ID"] for message in world.postbox.messages}) == 2
    # Both count against the cap, and only the version that stands has a reminder.
    assert [row.state for row in world.rows("confirm")] == ["sent", "sent"]
    assert len(world.rows("reminder")) == 1


def test_a_reminder_goes_out_a_day_later_once_with_the_same_links(world: World) -> None:
    case, *_ = world.add_cases()
    world.sign(case, ANN)
    world.send()
    world.clock.move(hours=23, minutes=59)
    assert world.send() == mail.MailReport()
    world.clock.move(minutes=1)
    assert world.send() == mail.MailReport(sent=1)
    first, second = (told(message) for message in world.postbox.messages)
    assert first["tokens"] == second["tokens"]
    assert second["expires_days"] == 6
    assert world.postbox.kinds == ["confirm", "reminder"]
    world.clock.move(days=3)
    assert world.send() == mail.MailReport()

    # A new link asked for begets no second reminder.
    world.enqueue("confirm", ANN, {"cases": [case]})
    world.send()
    world.clock.move(days=2)
    assert world.send() == mail.MailReport()
    assert world.postbox.kinds == ["confirm", "reminder", "confirm"]


def test_no_reminder_for_what_was_confirmed(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.sign(case, ANN)
    world.send()
    world.set_signature(number, state="confirmed")
    world.clock.move(days=1)
    assert world.send() == mail.MailReport(dropped=1)
    (row,) = world.rows("reminder")
    assert (row.state, row.recipient, row.params) == ("dropped", None, None)


def test_three_mails_a_day_and_no_more(world: World) -> None:
    cases = world.add_cases(5)
    for case in cases:
        world.sign(case, ANN)
    world.sign(cases[0], "somebody.else@mail.example.org")
    assert world.send() == mail.MailReport(sent=4, dropped=2)
    assert [str(message["To"]) for message in world.postbox.messages].count(ANN) == 3

    world.clock.move(hours=1)
    world.enqueue("confirm", ANN, {"cases": [cases[3]]})
    assert world.send() == mail.MailReport(dropped=1)


def test_the_cap_goes_by_the_day_of_sending(world: World) -> None:
    cases = world.add_cases(4)
    for case in cases[:3]:
        world.sign(case, ANN)
    world.clock.move(days=1)
    assert world.send().sent == 3
    world.sign(cases[3], ANN)
    assert world.send() == mail.MailReport(dropped=1)
    world.clock.move(hours=14)  # The next day, though not 24 hours later.
    world.enqueue("confirm", ANN, {"cases": [cases[3]]})
    assert world.send().sent == 1


def test_workers_side_by_side_keep_the_cap(world: World) -> None:
    cases = world.add_cases(8)
    for case in cases:
        world.sign(case, ANN)
    world.postbox.before = lambda message: time.sleep(0.01)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        world.send(batch=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.clock.move(minutes=1)
    world.send()
    assert len(world.postbox.messages) == 3
    assert sorted(row.state for row in world.rows("confirm")) == ["dropped"] * 5 + ["sent"] * 3


def test_a_suppressed_address_gets_nothing(world: World) -> None:
    case, *_ = world.add_cases()
    world.sign(case, ANN)
    canonical, now = ANN.lower(), world.clock()
    for expected in (True, False):
        new = run(
            world.app,
            lambda work: mail.suppress(work.session, world.keyring, world.section, canonical, "not_me", now=now),
        )
        assert new is expected
    assert world.send() == mail.MailReport(dropped=1)
    assert world.postbox.messages == []


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
    case, *_ = world.add_cases()
    world.add_plain([ANN])
    world.postbox.error = smtplib.SMTPDataError(451, b"later, " + ANN.encode())
    pauses = []
    for attempt in range(1, 13):
        report = world.send()
        (row,) = world.rows()
        assert row.attempts == attempt
        assert row.last_error == "SMTPDataError 451"
        assert report == (mail.MailReport(retried=1) if attempt < 12 else mail.MailReport(failed=1))
        if attempt < 12:
            assert world.send() == mail.MailReport()
            pauses.append(row.not_before - world.clock())
            world.clock.moment = row.not_before
    assert all(timedelta(seconds=24) <= pause <= timedelta(hours=6) for pause in pauses)
    assert all(later > sooner for sooner, later in zip(pauses[:8], pauses[1:9], strict=True))
    assert pauses[-1] > timedelta(hours=4)

    (row,) = world.rows()
    assert row.state == "failed"
    assert row.recipient is not None and row.params is not None
    status = read(world.app, lambda session: mail.outbox_status(session, now=world.clock()))
    assert (status.failed, status.failures[0]["last_error"]) == (1, "SMTPDataError 451")
    world.postbox.error = None
    assert world.send() == mail.MailReport()
    assert run(world.app, lambda work: mail.requeue_failed(work.session, now=world.clock())) == 1
    assert world.send().sent == 1


@pytest.mark.parametrize(
    ("code", "reply", "bounced"),
    [
        (550, b"5.1.1 no such user", True),
        (553, b"mailbox name not allowed", True),
        (550, b"5.7.1 relaying denied", False),
        (552, b"mailbox full", False),
    ],
)
def test_a_refused_recipient_fails_at_once(world: World, code: int, reply: bytes, bounced: bool) -> None:
    world.add_plain([ANN])
    world.postbox.error = smtplib.SMTPRecipientsRefused({ANN: (code, reply + b" <" + ANN.encode() + b">")})
    assert world.send() == mail.MailReport(failed=1)
    (row,) = world.rows()
    assert (row.state, row.last_error) == ("failed", f"SMTPRecipientsRefused {code}")
    found = read(world.app, lambda session: list(session.scalars(select(Suppression.reason))))
    assert found == (["bounced"] if bounced else [])


def test_a_mail_server_that_is_away_ends_the_round(world: World) -> None:
    world.add_plain([f"person{number}@mail.example.org" for number in range(30)])
    world.postbox.error = ConnectionRefusedError(111, "refused")
    report = world.send(batch=20)
    assert (report.retried, report.interrupted) == (5, True)
    rows = world.rows()
    assert [row.attempts for row in rows].count(0) == 25
    assert all(row.claimed_by is None for row in rows)
    world.postbox.error = None
    assert world.send().sent == 25


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
        world.clock.move(hours=1)
    world.postbox.error = None

    def broken(kind: str, section: Any, locale: str, context: Any) -> tuple[str, str, str]:
        raise ValueError(f"{ANN} {context}")

    world.send(render=broken)
    world.clock.move(hours=1)
    world.send()
    assert len(world.postbox.messages) == 2
    secrets = [ANN, ANN.lower(), "canary", *told(world.postbox.messages[0]).get("tokens", {}).values()]
    everything = caplog.text.lower() + " ".join(seen).lower() + " ".join(r.last_error or "" for r in world.rows())
    assert "smtpserverdisconnected" in everything and "valueerror at test_outbox.py" in everything
    for secret in secrets:
        assert secret.lower() not in everything


def test_one_row_that_cannot_be_read_stops_no_other(world: World) -> None:
    world.add_plain([ANN, "bob@mail.example.org", "cy@mail.example.org", "dee@mail.example.org"])
    first, second, third, fourth = world.rows()
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


def test_a_lease_half_spent_takes_no_further_mail(world: World) -> None:
    world.add_plain([f"person{number}@mail.example.org" for number in range(3)])
    world.postbox.before = lambda message: time.sleep(0.12)
    claims = []
    original = mail.mail_outbox.claim

    def counted(*args: Any, **more: Any) -> Any:
        claims.append(1)
        return original(*args, **more)

    mail.mail_outbox.claim = counted
    try:
        assert world.send(lease_seconds=0.2).sent == 3
    finally:
        mail.mail_outbox.claim = original
    assert len(claims) == 3
    assert sorted(world.postbox.kinds) == ["notice"] * 3


def test_a_subject_cannot_smuggle_headers(small_world: World) -> None:
    small_world.add_plain([ANN])
    small_world.send(render=lambda *args: ("Hello\r\nBcc: x@example.org", "text\n", "<p>"))
    (message,) = small_world.postbox.messages
    assert message["Subject"] == "Hello Bcc: x@example.org"
    assert message["Bcc"] is None
