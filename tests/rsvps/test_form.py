"""The form to come to an event: one answer for everybody, nothing typed is lost, and when it takes nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flask_w4r import Actor
from flask_w4r.services.moderation import lockdown
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, run_jobs, submit
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import solve

from .pages import FORM, Clock, ask, guest, mail_link, make_site, parties, press, put_event, states


def test_everybody_gets_the_same_answer(site: Host) -> None:
    """A new, a waiting, a coming and a held address cannot be told apart."""
    client = site.app.test_client()
    answers = [ask(client), ask(client)]
    # In another browser: that one has proved the mailbox then, and is told so.
    press(site.app.test_client(), mail_link(site), "confirm")
    answers += [ask(client, name="Somebody Else"), ask(client, 2, name="www.spam.example")]
    assert len({(answer.status_code, answer.headers["Location"], answer.text) for answer in answers}) == 1
    run_jobs(site.app)
    assert "already has one" in str(site.mailer.messages[-2].get_body(("plain",)))
    assert states(site) == ["going", "pending"]
    assert json.loads(parties(site)[1].reasons)[0]["check"] == "name_link"
    assert parties(site)[1].held_at is not None


def test_without_a_captcha_the_mailbox_releases(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, captcha="altcha")
    client = host.app.test_client()
    assert ask(client).status_code == 303
    assert parties(host)[0].held_at is not None
    press(client, mail_link(host), "confirm")
    assert (states(host), parties(host)[0].held_at) == (["going"], None)


def test_a_solution_counts_once(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, captcha="altcha")
    client = host.app.test_client()
    tokens = client.get(f"{FORM}/token", headers={"Sec-Fetch-Site": "same-origin"}).get_json()
    hidden = {"form_token": tokens["form_token"]}
    hidden["altcha"] = solve(tokens["captcha"]["challenge"])
    assert client.post(FORM, data={**hidden, **guest(1)}).status_code == 303
    assert parties(host)[0].held_at is None
    again = client.post(FORM, data={**hidden, **guest(2)})
    assert again.status_code == 422
    assert "could not check that you are not a robot" in again.text
    assert len(parties(host)) == 1
    # Nothing was kept of the claim.
    assert host.rows("SELECT seats_taken, pending_seats FROM w4r_event")[0] == (2, 2)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": " "}, "Enter your name"),
        ({"email": "gus"}, "has an @ in it"),
        ({"email": "علي@example.org"}, "accents or letters"),
        ({"party_size": "7"}, "Choose how many of you are coming"),
        ({"party_size": "-1"}, "Choose how many of you are coming"),
        ({"access_needs": "x" * 501}, "Use no more than 500 characters"),
    ],
)
def test_what_was_typed_is_kept(site: Host, typed: dict[str, str], words: str) -> None:
    client = site.app.test_client()
    answer = ask(client, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    fields = form_fields(answer, "form_token")[1]
    assert fields["email"] == [guest(**typed)["email"]]
    assert not parties(site)
    assert submit(client, answer, "form_token", **guest(access_needs="")).status_code == 303


def test_without_tokens_the_form_comes_back(site: Host) -> None:
    client = site.app.test_client()
    answer = client.post(FORM, data=guest())
    assert answer.status_code == 422
    assert "Almost done" in answer.text
    assert submit(client, answer, "form_token").status_code == 303
    other = client.get("/au/cases/ann-example/sign/token").get_json()
    answer = client.post(FORM, data={**guest(2), "form_token": other["form_token"]})
    assert answer.status_code == 422
    assert len(parties(site)) == 1


def test_without_cookies(site: Host) -> None:
    client = site.app.test_client(use_cookies=False)
    back = client.post(FORM, data=guest())
    assert submit(client, back, "form_token").status_code == 303, "two presses are enough"
    assert "You are coming" in press(client, mail_link(site), "confirm").text
    link = mail_link(site)
    assert "Saved." in press(client, link, "change", party_size="3").text
    press(client, link, "cancel")
    assert states(site) == ["cancelled"]


def test_what_mistyping_and_links_that_exist_cost(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, rate_limits={"rsvp_host": "1/minute", "confirm_host": "1/minute"})
    client = host.app.test_client()
    for slip in ({"name": ""}, {"email": "gus"}, {"form_token": ""}):
        assert ask(client, **slip).status_code == 422
    assert ask(client).status_code == 303
    link = mail_link(host)
    # Nobody is coming yet, so that there is no entry for a calendar; the link was not guessed all the same.
    assert [client.get(f"{link}/calendar.ics").status_code for _ in range(3)] == [404, 404, 404]
    assert [client.get(link).status_code for _ in range(3)] == [200, 200, 200]


def test_a_limit_is_answered_with_the_time_to_wait(make_host: MakeHost, clock: Clock) -> None:
    host = make_site(make_host, clock, rate_limits={"rsvp_host": "1/minute"})
    client = host.app.test_client()
    assert ask(client).status_code == 303
    answer = ask(client, 2)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_more_than_there_is(site: Host) -> None:
    put_event(site, slug="small", uid="small", capacity=3)
    client = site.app.test_client()
    answer = ask(client, path="/au/events/small/rsvp", party_size="4")
    assert answer.status_code == 422
    assert "not enough room" in answer.text
    ask(client, path="/au/events/small/rsvp", party_size="1")
    link = mail_link(site)
    press(client, link, "confirm")
    answer = press(client, link, "change", party_size="4")
    assert answer.status_code == 422
    assert "Nothing has been changed" in answer.text
    assert [(row.state, row.party_size) for row in parties(site)] == [("going", 1)]


@pytest.mark.parametrize(
    "columns", [{"closed_at": datetime(2026, 11, 1, tzinfo=UTC)}, {"state": "cancelled"}, {"state": "over"}]
)
def test_an_event_that_takes_no_guests(site: Host, columns: dict[str, Any]) -> None:
    put_event(site, slug="shut", uid="shut", **columns)
    client = site.app.test_client()
    tokens = client.get("/au/events/shut/rsvp/token").get_json()
    answer = client.get("/au/events/shut/rsvp")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/au/events/shut")
    answer = client.post("/au/events/shut/rsvp", data={**guest(), **tokens})
    assert answer.status_code == 409
    assert "Nothing has been saved" in answer.text
    assert not parties(site)


@pytest.mark.parametrize("state", ["unconfirmed", "submitted", "rejected"])
def test_an_event_that_is_not_public(site: Host, state: str) -> None:
    put_event(site, slug="hidden", uid="hidden", state=state)
    client = site.app.test_client()
    for path in ("", "/token", "/thanks"):
        assert client.get(f"/au/events/hidden/rsvp{path}").status_code == 404
    assert client.post("/au/events/hidden/rsvp", data=guest()).status_code == 404


def set_level(host: Host, level: str) -> None:
    state = get_state(host.app)
    run(
        host.app,
        lambda work: lockdown.set_level(
            work.session, state.keyring, state.hooks, Actor("7", "Mo"), state.sections["AU"], None, level,
            now=state.clock(),
        ),
    )  # fmt: skip


def test_while_the_desk_is_on_its_guard(make_host: MakeHost, clock: Clock) -> None:
    hooks: dict[str, Any] = {"actor_loader": lambda: Actor("7", "Mo"), "permission_check": lambda *asked: True}
    host = make_site(make_host, clock, **hooks)
    client = host.app.test_client()
    ask(client)
    link = mail_link(host)
    set_level(host, "cautious")
    clock.now += timedelta(seconds=6)
    assert client.get(f"{FORM}/token").get_json()["captcha"]["kind"] == "altcha"
    assert ask(client, 2).status_code == 303
    assert [row.held_at is None for row in parties(host)] == [True, False]
    set_level(host, "closed")
    clock.now += timedelta(seconds=6)
    answer = client.get(FORM)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert client.post(FORM, data=guest(3)).status_code == 503
    assert client.get(f"{FORM}/token").status_code == 503
    # Who asked before may still confirm.
    assert "You are coming" in press(client, link, "confirm").text
