"""Ten cases a person: whoever signs them one after another is counted ten times, however they open their mails."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, supporter, take_in
from tests.conftest import Host, MakeHost, every_database
from tests.mail.world import MovingClock

SLUGS = [f"case-{number}" for number in range(10)]
PREFIX = "/au"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(make_host: MakeHost, clock: MovingClock) -> Host:
    mailer = RecordingMailer()
    host = make_host(w4r=W4R(mailer=mailer, clock=clock))
    host.mailer = mailer
    make_campaign(host.app, SLUGS)
    return host


def link_of(message: Any) -> str:
    text = message.get_body(("plain",)).get_content()
    return next(word for word in text.split() if "/confirm/" in word).replace("http://localhost", "")


def press(site: Host, link: str, *, leave: str = "") -> Any:
    client = site.app.test_client()
    page = client.get(link)
    _, fields = form_fields(page, "form_token")
    ticked = [slug for slug in SLUGS if f'value="{slug}"' in page.text and slug != leave]
    return client.post(link, data={**fields, "cases": ticked})


def counts(site: Host) -> tuple[int, int]:
    """Signatures and people, once the worker has looked at what forms wrote down."""
    take_in(site.app)
    tally = site.app.test_client().get(f"{PREFIX}/tally.json").get_json()
    return tally["total"], tally["people"]


def sign_all(site: Host, clock: MovingClock, *, each: Any = lambda: None, minutes: int = 4) -> None:
    for number, slug in enumerate(SLUGS):
        assert sign(site.app.test_client(), PREFIX, slug, **supporter(1)).status_code == 303
        run_jobs(site.app)
        clock.move(minutes=minutes + number % 2)
        each()


@every_database
def test_who_opens_each_mail_as_it_comes(site: Host, clock: MovingClock) -> None:
    opened: set[str] = set()

    def open_new() -> None:
        for message in list(site.mailer.messages):
            if (link := link_of(message)) not in opened:
                opened.add(link)
                assert press(site, link).status_code == 200

    sign_all(site, clock, each=open_new)
    clock.move(seconds=10)
    assert counts(site) == (10, 1)


@every_database
def test_who_opens_none_until_the_end(site: Host, clock: MovingClock) -> None:
    sign_all(site, clock)
    clock.move(minutes=30)
    run_jobs(site.app)
    assert len(site.mailer.messages) == 2, "the second an hour after the first, for the nine since"
    # Any of them will do: its page has all that waits.
    page = press(site, link_of(site.mailer.messages[0]))
    assert page.status_code == 200 and "Choose" not in page.text
    run_jobs(site.app)
    clock.move(hours=2)
    run_jobs(site.app)
    assert counts(site) == (10, 1)
    assert len(site.mailer.messages) == 2


def test_who_never_answers_has_three_mails_a_day_and_loses_nothing(site: Host, clock: MovingClock) -> None:
    sign_all(site, clock, minutes=70)
    assert len(site.mailer.messages) == 3, "a stranger could have typed the address"
    clock.move(days=1)
    run_jobs(site.app)
    sent = [message for message in site.mailer.messages if "/confirm/" in message.as_string()]
    assert len(sent) >= 4
    assert press(site, link_of(sent[3])).status_code == 200
    clock.move(seconds=10)
    assert counts(site) == (10, 1)


@every_database
def test_this_was_not_me_takes_all_that_waits(site: Host, clock: MovingClock) -> None:
    sign_all(site, clock)
    client = site.app.test_client()
    page = client.get(link_of(site.mailer.messages[0]))
    (not_me,) = re.findall(r'href="([^"]*/not-me/[^"]*)"', page.text)
    _, fields = form_fields(client.get(not_me), "form_token")
    assert client.post(not_me, data=fields).status_code == 200
    assert {(row.state, row.person) for row in site.rows("SELECT state, person FROM w4r_signature")} == {
        ("invalid", None)
    }
    clock.move(hours=2)
    run_jobs(site.app)
    assert len(site.mailer.messages) == 1


def test_what_was_signed_since_the_page_was_opened_is_not_confirmed_unseen(site: Host, clock: MovingClock) -> None:
    sign(site.app.test_client(), PREFIX, "case-0", **supporter(1))
    run_jobs(site.app)
    client = site.app.test_client()
    link = link_of(site.mailer.messages[0])
    _, fields = form_fields(client.get(link), "form_token")
    clock.move(seconds=5)
    sign(site.app.test_client(), PREFIX, "case-1", **{**supporter(1), "first_name": "Eve"})
    assert client.post(link, data=fields).status_code == 200
    states = site.rows("SELECT state FROM w4r_signature ORDER BY id")
    assert [row.state for row in states] == ["confirmed", "pending"]


def test_what_is_not_ticked_goes_on_waiting(site: Host, clock: MovingClock) -> None:
    for slug in SLUGS[:3]:
        sign(site.app.test_client(), PREFIX, slug, **supporter(1))
    run_jobs(site.app)
    (message,) = site.mailer.messages
    page = site.app.test_client().get(link_of(message)).text
    assert page.count('type="checkbox"') == 3
    assert press(site, link_of(message), leave="case-1").status_code == 200
    states = site.rows(
        "SELECT c.slug, s.state FROM w4r_signature s JOIN w4r_case c ON c.id = s.case_id ORDER BY c.slug"
    )
    assert [(row.slug, row.state) for row in states] == [
        ("case-0", "confirmed"), ("case-1", "pending"), ("case-2", "confirmed"),
    ]  # fmt: skip


def test_an_answer_hurries_no_reminder(site: Host, clock: MovingClock) -> None:
    for slug in SLUGS[:2]:
        sign(site.app.test_client(), PREFIX, slug, **supporter(1))
    run_jobs(site.app)
    assert press(site, link_of(site.mailer.messages[0]), leave="case-1").status_code == 200
    for hours in (0, 2, 20):
        clock.move(hours=hours)
        run_jobs(site.app)
        assert len(site.mailer.messages) == 1
    clock.move(hours=3)
    run_jobs(site.app)
    assert len(site.mailer.messages) == 2


def test_nothing_ticked_confirms_nothing(site: Host) -> None:
    for slug in SLUGS[:2]:
        sign(site.app.test_client(), PREFIX, slug, **supporter(1))
    run_jobs(site.app)
    link = link_of(site.mailer.messages[0])
    client = site.app.test_client()
    _, fields = form_fields(client.get(link), "form_token")
    fields.pop("cases", None)
    assert client.post(link, data=fields).status_code == 422
    assert {row.state for row in site.rows("SELECT state FROM w4r_signature")} == {"pending"}


def test_a_strangers_name_for_ones_address_can_be_left_out(site: Host) -> None:
    sign(site.app.test_client(), PREFIX, "case-0", **supporter(1))
    sign(site.app.test_client(), PREFIX, "case-1", **{**supporter(1), "first_name": "Eve", "last_name": "Stranger"})
    run_jobs(site.app)
    page = site.app.test_client().get(link_of(site.mailer.messages[-1])).text
    assert "Eve Stranger" in page
