"""Signing again, links that grow old, and "this was not me"."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r.services.mail import send as mail
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost, every_database

from .helpers import (
    PREFIX,
    SLUG,
    MovingClock,
    clocked,
    column,
    dump,
    link,
    mail_and_press,
    people,
    person,
    press,
    tally,
)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def host(make_host: MakeHost, clock: MovingClock) -> Host:
    w4r, mailer = clocked(clock)
    host = make_host(w4r=w4r, captcha="none")
    host.mailer = mailer
    make_campaign(host.app)
    return host


def signs(host: Host, **typed: Any) -> None:
    assert sign(host.app.test_client(), PREFIX, SLUG, **typed).status_code == 303


def suppressed(host: Host, address: str = "sam1@example.org") -> bool:
    state = get_state(host.app)
    section = state.sections["AU"]
    return read(host.app, lambda session: mail.is_suppressed(session, state.keyring, section, address))


@every_database
def test_other_details_make_a_new_version(host: Host, clock: MovingClock) -> None:
    signs(host)
    run_jobs(host.app)
    old = link(host)
    clock.move(minutes=1)
    signs(host, first_name="Maryam", withhold_name="y")
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1, "joined: the link that is there shows what is so now"
    assert column(host, "version") == [2]
    client = host.app.test_client()
    before = dump(host)
    page = client.get(old)
    assert "Maryam Sample1" in page.text
    assert "Ann Example" in page.text
    assert dump(host) == before
    assert "Your signature is confirmed" in submit(client, page, "form_token").text
    assert (tally(host), people(host), person(host)["first_name"]) == (1, 1, "Maryam")
    assert column(host, "withhold_name")[0] in (True, 1)
    clock.move(hours=1)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1, "nothing waits any more"
    host.run("w4r", "tally", "recount")


def test_an_old_page_does_not_confirm_the_new_version(host: Host, clock: MovingClock) -> None:
    """The page was opened before the details changed; its button shows them and confirms nothing."""
    signs(host)
    run_jobs(host.app)
    client = host.app.test_client()
    page = client.get(link(host))
    clock.move(seconds=1)
    signs(host, first_name="Maryam")
    answer = submit(client, page, "form_token")
    assert answer.status_code == 200 and "Maryam" in answer.text and "Your signature is confirmed" not in answer.text
    assert tally(host) == 0
    assert column(host, "state") == ["pending"]


def test_only_the_last_details_are_mailed_when_the_first_mail_has_not_left(host: Host) -> None:
    for name in ("Ann", "Bea", "Cleo"):
        signs(host, first_name=name)
    mail_and_press(host)
    assert len(host.mailer.messages) == 1
    assert (tally(host), person(host)["first_name"]) == (1, "Cleo")


def test_pressing_twice_sends_one_mail(host: Host, clock: MovingClock) -> None:
    signs(host)
    run_jobs(host.app)
    clock.move(minutes=9)
    signs(host)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    assert column(host, "version") == [1]
    clock.move(minutes=2)
    signs(host)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    clock.move(minutes=49)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2, "later, somebody waits for a mail that did not come"
    assert host.app.test_client().get(link(host, number=0)).status_code == 200
    assert "Your signature is confirmed" in press(host.app.test_client(), link(host)).text


def test_signing_again_once_confirmed(host: Host, clock: MovingClock) -> None:
    signs(host)
    mail_and_press(host)
    before = person(host)
    clock.move(minutes=30)
    signs(host, first_name="Somebody", last_name="Else")
    run_jobs(host.app)
    assert host.mailer.messages[-1]["Subject"] == "You have already signed for Ann Example"
    body = host.mailer.messages[-1].get_body(("plain",))
    assert body is not None
    assert "Somebody" not in body.get_content()
    assert person(host) == before, "a stranger cannot change what was confirmed"
    assert (tally(host), column(host, "version")) == (1, [1])


def test_one_reminder_a_day_later(host: Host, clock: MovingClock) -> None:
    signs(host)
    run_jobs(host.app)
    clock.move(hours=23, minutes=59)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    clock.move(minutes=1)
    for _ in range(3):
        run_jobs(host.app)
        clock.move(days=1)
    assert len(host.mailer.messages) == 2
    assert link(host, number=0) == link(host, number=1), "the same link"
    assert "Your signature is confirmed" in press(host.app.test_client(), link(host)).text


def test_no_reminder_once_confirmed(host: Host, clock: MovingClock) -> None:
    signs(host)
    mail_and_press(host)
    clock.move(days=2)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1


def test_an_expired_link_offers_a_new_one(host: Host, clock: MovingClock) -> None:
    signs(host)
    run_jobs(host.app)
    old = link(host)
    clock.move(days=7, seconds=1)
    client = host.app.test_client()
    before = dump(host)
    page = client.get(old)
    assert "This link has expired" in page.text
    assert "Sample1" not in page.text
    assert dump(host) == before
    assert "This link has expired" in submit(client, page, "form_token", resend="").text
    assert column(host, "state") == ["pending"]
    sent = len(host.mailer.messages)
    for _ in range(5):
        assert "A new link is on its way" in submit(client, page, "form_token").text
        run_jobs(host.app)
    assert 1 <= len(host.mailer.messages) - sent <= 3, "as many as a day allows"
    assert link(host) != old
    assert "Your signature is confirmed" in press(client, link(host)).text
    assert tally(host) == 1
    assert "A new link is on its way" in submit(client, page, "form_token").text, "the answer tells nothing"
    sent = len(host.mailer.messages)
    run_jobs(host.app)
    assert len(host.mailer.messages) == sent


@every_database
def test_this_was_not_me(host: Host) -> None:
    signs(host)
    run_jobs(host.app)
    confirm, not_me = link(host), link(host, "/not-me/")
    client = host.app.test_client()
    before = dump(host)
    page = client.get(not_me)
    assert "Sample1" not in page.text, "a stranger's text is not shown"
    client.get(not_me)
    assert dump(host) == before, "a GET changes nothing"
    assert "has been removed" in submit(client, page, "form_token").text
    assert (column(host, "state"), column(host, "person")) == (["invalid"], [None])
    assert suppressed(host)
    assert client.get(confirm).status_code == 404
    assert "has been removed" in submit(client, page, "form_token").text
    signs(host)
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    assert (column(host, "state"), tally(host)) == (["invalid"], 0)


def test_not_me_reaches_a_version_signed_meanwhile(host: Host, clock: MovingClock) -> None:
    """Whoever holds the link owns the mailbox; what was typed since is no more theirs than before."""
    signs(host)
    run_jobs(host.app)
    signs(host, first_name="Maryam")
    assert "has been removed" in press(host.app.test_client(), link(host, "/not-me/")).text
    assert (column(host, "state"), column(host, "person")) == (["invalid"], [None])
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1


@every_database
def test_not_me_after_it_was_confirmed(host: Host, clock: MovingClock) -> None:
    """What the page says is so: the signature is deleted, it counts no more, and no mail goes there."""
    signs(host, email="other@example.org")
    mail_and_press(host)
    signs(host)
    mail_and_press(host)
    not_me = link(host, "/not-me/")
    assert (tally(host), people(host)) == (2, 2)
    assert "has been removed" in press(host.app.test_client(), not_me).text
    assert column(host, "state") == ["confirmed", "invalid"]
    assert column(host, "person")[1] is None
    assert suppressed(host)
    assert (tally(host), people(host)) == (1, 1)
    assert "has been removed" in press(host.app.test_client(), not_me).text
    assert tally(host) == 1
    host.run("w4r", "tally", "recount")


def test_not_me_from_the_mail_that_says_signed_already(host: Host, clock: MovingClock) -> None:
    signs(host)
    mail_and_press(host)
    clock.move(minutes=30)
    signs(host)
    run_jobs(host.app)
    assert "has been removed" in press(host.app.test_client(), link(host, "/not-me/")).text
    assert suppressed(host)
    assert tally(host) == 0
    host.run("w4r", "tally", "recount")


@pytest.mark.parametrize("kind", ["confirm", "not-me"])
@pytest.mark.parametrize("token", ["x", "A" * 43, "é", "a" * 5000, "%00", "..%2f..", "' OR 1=1"])
def test_links_that_nobody_made(host: Host, kind: str, token: str) -> None:
    client = host.app.test_client()
    before = dump(host)
    for answer in (client.get(f"{PREFIX}/{kind}/{token}"), client.post(f"{PREFIX}/{kind}/{token}")):
        assert answer.status_code in (404, 422)
    assert dump(host) == before


def test_a_link_serves_its_own_purpose_and_section(make_host: MakeHost) -> None:
    sections = [{"preset": "AU", "url_prefix": PREFIX}, {"preset": "IE", "url_prefix": "/ie"}]
    host = make_host(captcha="none", sections=sections)
    make_campaign(host.app)
    signs(host)
    run_jobs(host.app)
    client = host.app.test_client()
    confirm, not_me = link(host), link(host, "/not-me/")
    assert client.get(confirm.replace("/confirm/", "/not-me/")).status_code == 200, "who may confirm may say so too"
    assert client.get(not_me.replace("/not-me/", "/confirm/")).status_code == 404
    assert client.get(confirm.replace(PREFIX, "/ie", 1)).status_code == 404
    page = client.get(confirm)
    answer = client.post(confirm)
    assert (answer.status_code, column(host, "state")) == (422, ["pending"]), "the button's page comes first"
    for header, value in {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}.items():
        assert page.headers[header] == value
    assert page.headers["X-Robots-Tag"] == "noindex"


def test_a_blocked_address_gets_no_mail_and_the_same_answer(host: Host) -> None:
    state = get_state(host.app)
    section = state.sections["AU"]
    run(host.app, lambda uow: mail.suppress(
        uow.session, state.keyring, section, "sam1@example.org", "blocked", now=state.clock()
    ))  # fmt: skip
    signs(host)
    run_jobs(host.app)
    assert not host.mailer.messages


def test_without_confirmation_a_blocked_address_silently_does_not_count(make_host: MakeHost) -> None:
    host = make_host(captcha="none", section={"preset": "AU", "url_prefix": PREFIX, "confirmation": "none"})
    make_campaign(host.app)
    state = get_state(host.app)
    section = state.sections["AU"]
    run(host.app, lambda uow: mail.suppress(
        uow.session, state.keyring, section, "sam1@example.org", "blocked", now=state.clock()
    ))  # fmt: skip
    signs(host, email="Sam1@example.org")
    signs(host, email="free@example.org")
    assert (tally(host), people(host)) == (1, 1)
    host.run("w4r", "tally", "recount")
