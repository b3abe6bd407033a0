"""What waits in the outbox, what becomes of it, and the rules that stop it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import func, select, update

from flask_w4r.models import Case, Token
from flask_w4r.services.mail import send as mail
from flask_w4r.services.people import tokens
from flask_w4r.services.people.networks import day_secret
from flask_w4r.services.storage.unit_of_work import read, run

from .world import SENDER, World, told

ANN = "Ann.Canary@mail.example.org"


def payload(world: World, purpose: str, raw: str) -> list[Any]:
    return read(world.app, lambda session: tokens.find(session, "AU", purpose, raw, now=world.clock())).payload


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
    for purpose, raw in context["tokens"].items():
        assert payload(world, purpose, raw) == [[number, 1]]

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
    assert payload(world, "confirm", told(world.postbox.messages[0])["tokens"]["confirm"]) == [[number, 2]]


def test_a_new_version_signed_during_hand_over_still_goes_out(world: World) -> None:
    case, *_ = world.add_cases()
    number = world.add_signature(case, ANN)
    world.enqueue("confirm", ANN, {"signatures": [[number, 1]]}, matter="m")

    def sign_again(message: Any) -> None:
        world.postbox.before = None
        world.set_signature(number, version=2)
        assert world.enqueue("confirm", ANN, {"signatures": [[number, 2]]}, matter="m")

    world.postbox.before = sign_again
    assert world.send().sent == 1
    world.clock.move(hours=1)
    assert world.send().sent == 1
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
    # A reminder, which nobody asked for, can be ended too.
    assert {**first["tokens"], "unsubscribe": second["tokens"]["unsubscribe"]} == second["tokens"]
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
    world.ask(ANN, 5)
    world.ask("somebody.else@mail.example.org", 1)
    assert world.send() == mail.MailReport(sent=4)
    assert [str(message["To"]) for message in world.postbox.messages].count(ANN) == 3

    world.clock.move(hours=1)
    world.ask(ANN, 1)
    assert world.send() == mail.MailReport(), "it waits, and so do the two before it"
    world.clock.move(days=1)
    report = world.send()
    assert (report.sent, report.dropped) == (3, 0), "what waited"
    assert [str(message["To"]) for message in world.postbox.messages].count(ANN) == 6


def test_an_answer_lets_more_leave_and_each_capability_has_its_own_share(world: World) -> None:
    cases = world.add_cases(2)
    world.ask(ANN, 9)
    assert world.send().sent == 3

    def answer(work: Any) -> None:
        mail.answered(
            work.session,
            world.section,
            ANN.lower(),
            now=world.clock(),
            secret=day_secret(work.session, world.keyring, world.clock().date()),
        )

    run(world.app, answer)
    assert world.send().sent == 2, "five a day of this capability's, three of which left"
    for case in cases:
        world.sign(case, ANN)
    assert world.send().sent == 2, "signing has a share of its own, and nothing is held back to be joined"
    world.clock.move(days=1)
    assert world.send().sent >= 3, "the rest, the next day"


def test_mails_of_an_hour_are_joined_while_nobody_answers(world: World) -> None:
    first, second, third = world.add_cases()
    world.sign(first, ANN)
    assert world.send().sent == 1
    for minutes, case in ((10, second), (20, third)):
        world.clock.move(minutes=minutes)
        world.add_signature(case, ANN)
        world.enqueue("confirm", ANN, {"cases": [case]}, matter="ann")
        assert world.send() == mail.MailReport()
    world.clock.move(minutes=30)
    assert world.send().sent == 1
    assert len(told(world.postbox.messages[-1])["cases"]) == 3


def test_the_cap_goes_by_the_day_of_sending(world: World) -> None:
    world.ask(ANN, 3)
    world.clock.move(days=1)
    assert world.send().sent == 3
    world.ask(ANN, 1)
    assert world.send() == mail.MailReport()
    world.clock.move(hours=17)  # The next day, though not 24 hours later.
    assert world.send().sent == 1


def test_workers_side_by_side_keep_the_cap(world: World) -> None:
    world.ask(ANN, 8)
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
    assert sorted(row.state for row in world.rows("asked")) == ["queued"] * 5 + ["sent"] * 3


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
