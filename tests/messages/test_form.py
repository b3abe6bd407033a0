"""The form: its rules at the point of writing, what it refuses, and when it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_w4r.signals import message_submitted
from flask_w4r.testing import make_campaign, run_jobs, submit, take_in
from tests.conftest import Host, MakeHost
from tests.moderation.conftest import Staff

from .world import (
    OTHER,
    SLUG,
    WORDS,
    approved,
    change,
    confirm,
    confirmed,
    counted,
    link,
    set_rules,
    states,
    typed,
    write,
)

Crew = Callable[..., Staff]
PATH = f"/au/cases/{SLUG}/solidarity"


def test_the_rules_stand_where_one_writes(desk: Host) -> None:
    set_rules(
        desk, SLUG, route="direct", address="Ann Example\nPrison 4\nTown", languages=["en", "ar"],
        rules=["no-religion", "no-sender-address", "no-photo"],
    )  # fmt: skip
    page = desk.app.test_client().get(PATH).text
    for words in (
        "To the person", "English", "العربية", "No religious words", "No sender’s address", "No photos", "Prison 4",
        "maxlength=\"500\"", "never to an authority",
    ):  # fmt: skip
        assert words in page, words
    set_rules(desk, SLUG, route="family", address="A family's own street")
    page = desk.app.test_client().get(PATH).text
    assert "own street" not in page, "where the family lives is the desk's business"
    assert "Any language" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"message": " \n "}, "Write your message"),
        ({"message": "!!!"}, "Write your message"),
        ({"message": "x" * 501}, "501 characters"),
        ({"country": "XX"}, "Choose the country"),
        ({"email": "sam"}, "has an @ in it"),
        ({"email": ""}, "Enter your email address"),
        ({"consent": ""}, "Tick the box to agree"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_lost(desk: Host, given: dict[str, str], words: str) -> None:
    answer = write(desk, **{"name": "Kept", **given})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Kept" in answer.text
    assert states(desk) == []


@pytest.mark.parametrize("message", ["x" * 500, "💛" * 499 + "x", "x\r\n" * 166 + "xx", "نحن معك " * 62])
def test_characters_are_counted_as_people_count_them(desk: Host, message: str) -> None:
    assert write(desk, message=message).status_code == 303


def test_marks_that_nobody_sees_are_left_out(desk: Host) -> None:
    write(desk, message="Dear\u202e Ann,\r\n\r\n\r\n\r\nyou are \u200bnot alone\x00", name="")
    run_jobs(desk.app)
    page = desk.app.test_client().get(link(desk)).text
    assert "Dear Ann,\n\nyou are not alone" in page


def test_a_closed_way_says_why_and_takes_nothing(desk: Host) -> None:
    client = desk.app.test_client()
    set_rules(desk, SLUG, route="none")
    page = client.get(PATH)
    assert (page.status_code, "cannot reach the person safely" in page.text) == (200, True)
    assert "cannot reach the person safely" in client.get(f"/au/cases/{SLUG}").text
    answer = client.post(PATH, data=typed())
    assert (answer.status_code, states(desk)) == (409, [])
    set_rules(desk, SLUG, route="family")
    change(desk, "UPDATE w4r_case SET ways = '[\"petition\"]' WHERE slug = :slug", slug=SLUG)
    assert "not open for this case" in client.get(PATH).text


@pytest.mark.parametrize("status", ["closed", "freed", "withdrawn"])
def test_a_case_that_is_over(desk: Host, staff: Crew, status: str) -> None:
    client = desk.app.test_client()
    page = client.get(PATH)
    confirmed(desk, 1)
    write(desk, email="sam2@example.org")
    run_jobs(desk.app)
    opened = client.get(link(desk))
    desk.run("w4r", "case", "status", SLUG, status)
    gone = status == "withdrawn"
    answer = submit(client, page, "message", **typed(3))
    assert (answer.status_code, WORDS in answer.text) == ((410, False) if gone else (409, True)), (
        "nobody loses what they wrote"
    )
    assert client.get(PATH).status_code == (410 if gone else 303)
    assert submit(client, opened, "form_token").status_code == (410 if gone else 409)
    assert states(desk) == ["submitted", "pending"]
    queue = staff().get("/au/moderation/queue?kind=message").text
    assert (WORDS in queue) is not gone
    decided = staff().post("/au/moderation/decisions", {"items": "message:1", "decision": "approve"})
    assert decided.status_code == 303
    assert counted_rows(desk) == (0 if gone else 1)


def counted_rows(host: Host) -> int:
    """How many messages are approved."""
    return states(host).count("approved")


def test_what_a_change_stops_is_told(desk: Host, staff: Crew) -> None:
    approved(desk, staff(), 1)
    confirmed(desk, 2)
    write(desk, email="sam3@example.org")
    take_in(desk.app)
    page = " ".join(staff().get(f"/au/moderation/cases/{SLUG}").text.split())
    for words in ("1 waits for its email address", "1 waits to be read", "1 was not printed yet"):
        assert words in page


def test_a_section_that_confirms_nothing(make_host: MakeHost) -> None:
    section = {
        "preset": "AU", "url_prefix": "/au", "confirmation": "none", "fields": {"email": "optional"},
    }  # fmt: skip
    host = make_host(captcha="none", section=section)
    make_campaign(host.app, (SLUG,))
    set_rules(host, SLUG, route="section")
    assert write(host, email="").headers["Location"].endswith("/solidarity/sent")
    assert write(host, message="With an address").headers["Location"].endswith("/solidarity/sent")
    assert states(host) == ["submitted", "submitted"]
    run_jobs(host.app)
    assert host.mailer.messages == []


def test_a_site_without_messages(make_host: MakeHost) -> None:
    host = make_host(features=["petitions", "impact", "tally"], captcha="none")
    make_campaign(host.app, (SLUG,))
    client = host.app.test_client()
    assert client.get(PATH).status_code == 404
    assert "solidarity" not in client.get(f"/au/cases/{SLUG}").text


def test_signals_and_webhooks_are_told(desk: Host) -> None:
    heard: list[Any] = []

    def listen(app: Any, **ids: Any) -> None:
        heard.append(ids)

    with message_submitted.connected_to(listen):
        write(desk)
        take_in(desk.app)
        assert heard == []
        run_jobs(desk.app)
        confirm(desk)
    assert heard == [{"message_id": 1, "section": "AU"}]


def test_not_me(desk: Host) -> None:
    write(desk)
    write(desk, OTHER)
    run_jobs(desk.app)
    answer = confirm(desk, do="not_me")
    assert answer.status_code == 200
    assert states(desk) == []
    write(desk)
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == 1, "who said so gets no more mail"


def test_an_expired_link_brings_a_new_one(desk: Host, clock: Any) -> None:
    write(desk)
    run_jobs(desk.app)
    path = link(desk)
    clock.move(days=8)
    assert "This link has expired" in desk.app.test_client().get(path).text
    confirm(desk, path, do="resend")
    run_jobs(desk.app)
    assert len(desk.mailer.messages) == 2
    confirm(desk)
    assert states(desk) == ["submitted"]
    assert "Thank you" in desk.app.test_client().get(link(desk)).text


def test_what_was_written_since_the_page_waits_on(desk: Host, clock: Any) -> None:
    write(desk)
    run_jobs(desk.app)
    client = desk.app.test_client()
    page = client.get(link(desk))
    clock.move(minutes=5)
    write(desk, message="Put there by a stranger, meanwhile.")
    take_in(desk.app)
    submit(client, page, "form_token")
    assert states(desk) == ["pending"]
    assert counted(desk) == 0
