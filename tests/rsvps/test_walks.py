"""Guests at an event that changes under them: looked at again, begun, made smaller, joined by a link alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Event
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.rsvps import lifecycle as rsvps
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import run_jobs
from tests.conftest import Host, MakeHost, every_database

from .guests import Party
from .pages import FORM, Clock, ask, mail_link, make_site, press, put_event, states

SMALL = "/au/events/small/rsvp"


def change(host: Host, event_id: int = 1, **values: Any) -> None:
    """Behind the services' back."""
    run(host.app, lambda work: execute(work.session, update(Event).where(Event.id == event_id).values(**values)))


def publish(host: Host, event_id: int = 1) -> None:
    """The desk lets a changed event go on."""
    state = get_state(host.app)

    def work(uow: Any) -> None:
        now, section = state.clock(), state.sections["AU"]
        assert events.publish(uow.session, state.keyring, section, event_id, now=now).outcome == "published"

    run(host.app, work)


def come(host: Host, number: int, *, path: str = FORM, **typed: Any) -> str:
    """Ask and confirm; the link."""
    client = host.app.test_client()
    assert ask(client, number, path=path, **typed).status_code == 303
    link = mail_link(host)
    press(client, link, "confirm")
    return link


def subjects(host: Host) -> list[str]:
    run_jobs(host.app)
    return [str(message["Subject"]) for message in host.mailer.messages]


def plain(host: Host, number: int = -1) -> str:
    run_jobs(host.app)
    return str(host.mailer.messages[number].get_body(("plain",)).get_content())


def seats(host: Host, event_id: int = 1) -> int:
    return int(host.rows("SELECT seats_taken FROM w4r_event WHERE id = :id", id=event_id)[0][0])


@every_database
def test_an_offer_does_not_end_while_nobody_can_take_it(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=2)
    first, second, third = (come(site, guest, path=SMALL) for guest in (1, 2, 3))
    client = site.app.test_client()
    press(client, first, "cancel")
    run_jobs(site.app)
    change(site, number, state="submitted", held_at=clock.now)
    clock.now += timedelta(hours=25)
    run_jobs(site.app)
    assert states(site) == ["cancelled", "offered", "waitlisted"]
    assert "You still have your place" in client.get(second).text
    publish(site, number)
    assert subjects(site).count("There is a place for you: Letters in Newtown") == 2
    clock.now += timedelta(hours=23)
    assert "You are coming" in press(client, second, "accept").text
    Party(site.app, number).check()
    assert "You are first on the waiting list" in client.get(third).text


def test_an_offer_that_nobody_takes_after_the_pause_ends_like_any_other(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=2)
    first, _, _ = (come(site, guest, path=SMALL) for guest in (1, 2, 3))
    press(site.app.test_client(), first, "cancel")
    change(site, number, state="submitted", held_at=clock.now)
    clock.now += timedelta(hours=25)
    run_jobs(site.app)
    publish(site, number)
    clock.now += timedelta(hours=24)
    run_jobs(site.app)
    assert states(site) == ["cancelled", "expired", "offered"]


def test_who_did_not_confirm_yet_is_told_to_come_back_when_the_event_is_looked_at(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    change(site, state="submitted", held_at=clock.now)
    page = client.get(link).text
    assert "You still have your place" not in page
    assert "Please come back later" in page
    assert 'name="do"' not in page
    publish(site)
    assert "You are coming" in press(client, link, "confirm").text


@every_database
def test_one_may_cancel_while_the_event_is_looked_at(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    link = come(site, 1)
    change(site, state="submitted", held_at=clock.now)
    assert 'name="do" value="change"' not in client.get(link).text
    page = press(client, link, "cancel").text
    assert "You are no longer coming" in page
    assert "You still have your place" not in page
    assert "Ask again" not in page
    assert "/au/events/letters" not in page, "it has no page now"
    assert (states(site), seats(site)) == (["cancelled"], 0)
    assert subjects(site)[-1].startswith("You are no longer coming")


def test_the_mail_says_until_when_the_places_are_kept(site: Host, clock: Clock) -> None:
    """Asking again, and a mail that leaves late, do not make it longer."""
    client = site.app.test_client()
    ask(client)
    clock.now += timedelta(minutes=20)
    ask(client)
    # From nine o'clock UTC, which is eight in the evening in Sydney.
    words = "Your places are reserved until 20 November 2026, 8:30 pm (Australian Eastern Daylight Time)."
    assert words in plain(site).replace("\u202f", " ")
    assert words in client.get(mail_link(site)).text.replace("\u202f", " ")


def test_a_claim_that_ended_is_not_said_to_be_kept(site: Host, clock: Clock) -> None:
    """Even while the worker has not swept it."""
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    clock.now += timedelta(minutes=31)
    page = client.get(link).text
    assert "reserved until" not in page
    assert "The places are yours once you confirm" in page


def test_who_accepts_an_offer_late_has_a_fresh_mail_and_no_reminder_at_once(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=2)
    client = site.app.test_client()
    links = []
    for guest in (1, 2):
        come(site, guest, path=SMALL)
        links.append(mail_link(site))
    starts = Party(site.app, number).event().starts_at
    clock.now = starts - timedelta(hours=20)
    press(client, links[0], "cancel")
    run_jobs(site.app)
    press(client, links[1], "accept")
    # As a worker that was just started.
    get_state(site.app).lazy.pop("event_rhythm", None)
    assert not [subject for subject in subjects(site) if subject.startswith("Coming up")]
    clock.now = starts - timedelta(hours=2)
    assert [subject.startswith("Coming up") for subject in subjects(site)].count(True) == 1


def test_no_offer_is_taken_once_the_event_began(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=2)
    first, second = (come(site, guest, path=SMALL) for guest in (1, 2))
    press(site.app.test_client(), first, "cancel")
    # The host moved it to an hour ago, before the offer ends.
    change(site, number, starts_at=clock.now - timedelta(hours=1))
    party = Party(site.app, number)
    assert party._run(rsvps.accept, None, 2).outcome == "gone"
    assert "has started or is over" in site.app.test_client().get(second).text


def test_a_party_larger_than_the_event_became_keeps_nobody_waiting(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=4)
    first = come(site, 1, path=SMALL, party_size="2")
    large = come(site, 2, path=SMALL, party_size="4")
    client = site.app.test_client()
    change(site, number, capacity=3)
    clock.now += timedelta(minutes=5)
    run_jobs(site.app)
    party = Party(site.app, number)
    assert party.event().availability == "few"
    assert "Join the waiting list" not in client.get(SMALL).text
    come(site, 3, path=SMALL, party_size="1")
    assert states(site) == ["going", "waitlisted", "going"]
    press(client, first, "cancel")
    # What is left fits nobody who waits, and its own parties may grow.
    assert states(site) == ["cancelled", "waitlisted", "going"]
    assert "Saved." in press(client, mail_link(site, -2), "change", party_size="2").text
    party.check()
    change(site, number, capacity=6)
    party.set(capacity=6)
    assert "There is a place for you" in client.get(large).text


def test_a_small_party_does_not_pass_a_large_one(site: Host) -> None:
    number = put_event(site, slug="small", uid="small", capacity=4)
    first = come(site, 1, path=SMALL, party_size="3")
    large = come(site, 2, path=SMALL, party_size="4")
    small = come(site, 3, path=SMALL, party_size="1")
    client = site.app.test_client()
    assert states(site) == ["going", "waitlisted", "waitlisted"]
    page = press(client, first, "change", party_size="4")
    assert page.status_code == 422, "one seat is free, and others wait for it"
    press(client, first, "change", party_size="1")
    assert states(site) == ["going", "waitlisted", "waitlisted"]
    press(client, large, "change", party_size="3")
    assert states(site) == ["going", "offered", "waitlisted"]
    press(client, large, "cancel")
    assert "There is a place for you" in client.get(small).text
    Party(site.app, number).check()


@pytest.mark.parametrize("kind", ["online", "hybrid"])
def test_who_has_no_link_yet_is_told_who_gets_it(site: Host, kind: str) -> None:
    put_event(site, slug="small", uid="small", kind=kind, visibility="approval")
    words = "The host decides who gets the link to join"
    client = site.app.test_client()
    assert words in client.get(SMALL).text
    link = come(site, 1, path=SMALL)
    page = client.get(link).text
    assert words in page
    assert "meet.example" not in page
    assert words in plain(site)
    assert ("exact address" in page) == (kind == "hybrid")


def test_an_online_event_sends_its_link_to_who_has_a_place(site: Host) -> None:
    put_event(site, slug="small", uid="small", kind="online", visibility="exact", capacity=None)
    link = come(site, 1, path=SMALL)
    assert "https://meet.example/room" in site.app.test_client().get(link).text
    assert "https://meet.example/room" in plain(site)
    assert "The host decides" not in plain(site)


def test_who_presses_on_an_event_that_runs_is_told_why_not(site: Host, clock: Clock) -> None:
    """Its own page shows the button until it ends."""
    clock.now = Party(site.app, 1).event().starts_at + timedelta(minutes=5)
    answer = site.app.test_client().get(FORM)
    assert answer.status_code == 409
    assert "has started or is over" in answer.text


def test_nobody_is_sent_to_ask_again_for_an_event_that_runs(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    come(site, 1)
    link = mail_link(site)
    press(client, link, "cancel")
    assert "Ask again" in client.get(link).text
    clock.now = Party(site.app, 1).event().starts_at + timedelta(minutes=5)
    run_jobs(site.app)
    assert "Ask again" not in client.get(link).text


def test_who_waits_and_hears_of_a_new_time_hears_that_they_wait(site: Host, clock: Clock) -> None:
    number = put_event(site, slug="small", uid="small", capacity=2)
    come(site, 1, path=SMALL)
    come(site, 2, path=SMALL)
    change(site, number, state="submitted", held_at=clock.now, sequence=1)
    publish(site, number)
    run_jobs(site.app)
    told = {str(message["To"]): str(message.get_body(("plain",)).get_content()) for message in site.mailer.messages
            if str(message["Subject"]).startswith("New time or location")}  # fmt: skip
    assert {address: "You are on the waiting list." in text for address, text in told.items()} == {
        "gus1@example.org": False,
        "gus2@example.org": True,
    }


@pytest.mark.parametrize("locale", ["en", "fr", "ar"])
def test_an_address_is_written_as_it_is_in_every_language(make_host: MakeHost, clock: Clock, locale: str) -> None:
    """It is not a list: no "and" stands before the town, or before a number."""
    sections = [{"preset": "AU", "url_prefix": "/au", "locales": ["en", "ar", "fr"]}]
    host = make_site(make_host, clock, sections=sections)
    come(host, 1, path=FORM if locale == "en" else FORM.replace("/au", f"/au/{locale}"))
    run_jobs(host.app)
    for part in ("plain", "html"):
        text = str(host.mailer.messages[-1].get_body((part,)).get_content())
        assert "Old Library, 8 Hidden Street, Newtown" in text
