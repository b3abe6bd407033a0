"""Whoever has just answered a mail of ours comes to an event without another one to answer."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from flask_w4r.services.mail.caps import suppress
from flask_w4r.services.people import mailbox
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import run_jobs
from tests.conftest import Host, every_database

from .pages import ask, guest, parties, put_event, states

CANONICAL = parse_address(guest(1)["email"], test_environment=True).canonical


@pytest.fixture
def client(site: Host) -> FlaskClient:
    """A browser that proved the first guest's mailbox, by a petition say."""
    state = get_state(site.app)
    proof = mailbox.prove(state.keyring, state.sections["AU"], CANONICAL, now=state.clock())
    browser = site.app.test_client()
    browser.set_cookie("w4r_mailbox_au", proof, path="/au")
    return browser


@every_database
def test_they_come_at_once(site: Host, client: FlaskClient) -> None:
    answer = ask(client)
    assert answer.location.endswith("/rsvp/taken")
    assert "do not need to confirm" in client.get(answer.location).text
    assert states(site) == ["going"]
    run_jobs(site.app)
    (message,) = site.mailer.messages
    assert "You are coming" in message["Subject"] or "/rsvp/" in message.as_string()
    assert site.rows("SELECT seats_taken, pending_seats FROM w4r_event")[0] == (2, 0)


def test_a_full_house_has_a_waiting_list(site: Host, client: FlaskClient) -> None:
    put_event(site, slug="small", uid="small", capacity=2)
    path = "/au/events/small/rsvp"
    other = site.app.test_client()
    ask(other, 2, path=path)
    assert ask(client, path=path).location.endswith("/rsvp/taken")
    assert sorted(states(site)) == ["pending", "waitlisted"]


def test_another_address_has_a_mail_to_answer(site: Host, client: FlaskClient) -> None:
    assert ask(client, 2).location.endswith("/rsvp/thanks")
    assert states(site) == ["pending"]


def test_what_is_held_stays_held(site: Host, client: FlaskClient) -> None:
    ask(client, name="www.spam.example")
    assert parties(site)[0].held_at is not None and parties(site)[0].seats_held == 0


def test_who_said_not_me_is_not_taken_at_their_word(site: Host, client: FlaskClient) -> None:
    state = get_state(site.app)
    section = state.sections["AU"]
    run(
        site.app,
        lambda work: suppress(work.session, state.keyring, section, CANONICAL, "not_me", now=state.clock()),
    )
    ask(client)
    assert states(site) == ["pending"]
