"""The desk: what it is told of a message, its reasons to refuse, and what it puts on the case's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r.services.moderation.wording import CHECKS, text_findings
from flask_w4r.testing import make_messages, run_jobs
from tests.conftest import Host
from tests.mail.world import MovingClock
from tests.moderation.conftest import Staff

from .world import OTHER, SLUG, WORDS, approved, confirmed, counted, decide, recount, set_rules, states, undo

Crew = Callable[..., Staff]
QUEUE = "/au/moderation/queue?kind=message"


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        (WORDS, set()),
        ("عزيزتي آن، نحن معك كل يوم. كوني قوية", set()),
        ("あなたは一人ではありません。", set()),
        ("We meet on 10.12.2026 and there were 3 of us, 12 in May", set()),
        ("Write to me: sam@example.org", {"text_email"}),
        ("sam (at) example.org", {"text_email"}),
        ("See https://example.org/x", {"text_link"}),
        ("look at example.com please", {"text_link"}),
        ("I am @sam_writes there", {"text_handle"}),
        ("Call +61 2 1234 5678", {"text_phone"}),
        ("اتصل بي ٠٦١٢٣٤٥٦٧٨", {"text_phone"}),
        ("We live in 12 High Street", {"text_street"}),
        ("Lange Straße 4", {"text_street"}),
        ("P.O. Box 12", {"text_street"}),
        ("Those idiots!", {"text_insult"}),
        ("Quel SALAUD", {"text_insult"}),
        ("يا خنـــزير", {"text_insult"}),
        ("предатели", {"text_insult"}),
        ("A scumble and a pigment, classic Scunthorpe", set()),
    ],
)
def test_what_a_machine_finds(text: str, checks: set[str]) -> None:
    assert {found["check"] for found in text_findings(text)} == checks


@pytest.mark.parametrize(
    ("text", "asked", "check"),
    [
        ("God bless you", "religion", "text_religion"),
        ("الله معك", "religion", "text_religion"),
        ("神様", "religion", "text_religion"),
        ("Joyeux Noël !", "holidays", "text_holiday"),
        ("Season's greetings", "holidays", "text_holiday"),
        ("From your friends at Amnesty", "movement", "text_movement"),
        ("منظمة العفو الدولية", "movement", "text_movement"),
    ],
)
def test_what_a_case_asks_to_leave_out(text: str, asked: str, check: str) -> None:
    assert [found["check"] for found in text_findings(text, {asked})] == [check]
    assert text_findings(text) == []
    assert check in CHECKS


def test_what_is_found_is_told_with_the_rules_as_they_are_now(desk: Host, staff: Crew) -> None:
    confirmed(desk, 1, message="God bless you. Amnesty told us of you.", name="sam@example.org")
    page = staff().get(QUEUE).text
    # Each is a choice of the filter too.
    for words in ("A religious word", "The movement’s name", "An email address in the text"):
        assert page.count(words) == 2
    assert "No religious words" in page
    set_rules(desk, SLUG, route="direct", address="Prison", rules=["no-amnesty", "no-politics"])
    page = staff().get(QUEUE).text
    assert page.count("A religious word") == 1
    assert page.count("The movement’s name") == 2
    assert "No political comment" in page
    assert "To the person" in page


def test_filters(desk: Host, staff: Crew) -> None:
    confirmed(desk, 1, message="Call me: 0412 345 678")
    confirmed(desk, 2, OTHER, message="To somebody else")
    mo = staff()
    assert "Call me" in mo.get(f"{QUEUE}&held_for=text_phone").text
    assert "somebody else" not in mo.get(f"{QUEUE}&held_for=text_phone").text
    assert "somebody else" in mo.get(f"{QUEUE}&case={OTHER}").text
    assert "Call me" not in mo.get(f"{QUEUE}&case={OTHER}").text
    newest = mo.get(f"{QUEUE}&order=newest").text
    assert newest.index("somebody else") < newest.index("Call me")


def test_each_text_runs_its_own_way(desk: Host, staff: Crew) -> None:
    confirmed(desk, 1, message="نحن معك", prefix="/au/ar")
    confirmed(desk, 2, message="We are with you", prefix="/au/ar")
    page = " ".join(staff().get(QUEUE).text.split())
    assert 'lang="ar" dir="rtl">نحن معك<' in page
    assert 'lang="" dir="ltr">We are with you<' in page


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("rules", "for this person’s safety"),
        ("details", "without addresses"),
        ("insult", ""),
        ("", ""),
        ("made up", ""),
    ],
)
def test_a_writer_is_told_kindly_where_it_helps(
    desk: Host, staff: Crew, clock: MovingClock, reason: str, told: str
) -> None:
    decide(staff(), "reject", confirmed(desk), reason=reason)
    assert states(desk) == ["refused"]
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == 1, "nobody is told before it can be taken back"
    clock.move(minutes=20)
    run_jobs(desk.app)
    mails = desk.mailer.messages[1:]
    assert len(mails) == (1 if told else 0)
    for mail in mails:
        text = mail.get_body(("plain",)).get_content()
        assert told.lower() in text.lower()
        assert f"/au/cases/{SLUG}/solidarity" in text
        assert WORDS not in mail.as_string()
    clock.move(days=1)
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == (2 if told else 1), "and never more"


def test_a_refusal_that_was_taken_back_is_not_mailed(desk: Host, staff: Crew, clock: MovingClock) -> None:
    mo = staff()
    decide(mo, "reject", confirmed(desk), reason="rules")
    undo(desk, mo)
    assert states(desk) == ["submitted"]
    clock.move(minutes=20)
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == 1


def test_many_at_once_and_undone(desk: Host, staff: Crew) -> None:
    mo = staff()
    ids = make_messages(desk.app, SLUG, 30, state="submitted")
    decide(mo, "approve", *ids)
    assert counted(desk) == 30
    undo(desk, mo)
    assert (counted(desk), set(states(desk))) == (0, {"submitted"})
    recount(desk)


def show(staff: Staff, number: int, act: str = "show", slug: str = SLUG) -> Any:
    """Put a message on the page, or take it off."""
    return staff.post(
        f"/au/moderation/messages/{slug}/act", {"act": act, "item": str(number)}, page="/au/moderation/queue"
    )


def test_some_are_shown_on_the_case_s_page(desk: Host, staff: Crew) -> None:
    mo, client = staff(), desk.app.test_client()
    yes = approved(desk, mo, 1, message="Show this one.", public="y", name="Sam")
    no = approved(desk, mo, 2, message="This is between us.")
    assert "Show this one." not in client.get(f"/au/cases/{SLUG}").text
    desk_page = mo.get(f"/au/moderation/messages/{SLUG}").text
    assert "Show this one." in desk_page
    assert "between us" not in desk_page
    assert show(mo, no).status_code == 404
    assert show(mo, yes, slug=OTHER).status_code == 404
    assert show(mo, yes).status_code == 303
    page = client.get(f"/au/cases/{SLUG}").text
    assert "Show this one." in page
    assert "example.org" not in page[page.index("Show this one.") :][:400]
    assert show(mo, yes, "hide").status_code == 303
    assert "Show this one." not in client.get(f"/au/cases/{SLUG}").text
    show(mo, yes)
    set_rules(desk, SLUG, route="family", rules=["no-public"])
    desk.app.extensions["w4r"].lazy.pop("pages", None)
    assert "Show this one." not in client.get(f"/au/cases/{SLUG}").text
    assert "may be shown" not in client.get(f"/au/cases/{SLUG}/solidarity").text
    actions = [row.action for row in desk.rows("SELECT action FROM w4r_audit ORDER BY id")]
    assert actions.count("message_shown") == 2
    assert actions.count("message_hidden") == 1
