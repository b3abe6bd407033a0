"""The link in a guest's mail: confirming, the calendar entry, waiting, changing one's mind, and what no link does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.signals import rsvp_changed, rsvp_created
from flask_w4r.testing import run_jobs, submit
from tests.conftest import Host, every_database

from .pages import FORM, Clock, ask, mail_link, parties, press, put_event, states


@every_database
def test_from_the_form_to_the_cancellation(site: Host) -> None:
    client = site.app.test_client()
    answer = ask(client, access_needs="A seat near the door", access_consent="y")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{FORM}/thanks")
    thanks = client.get(f"{FORM}/thanks")
    assert "One last step" in thanks.text
    assert "public" in thanks.headers["Cache-Control"]
    assert states(site) == ["pending"]
    link = mail_link(site)
    page = client.get(link)
    assert "Confirm that you are coming" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert states(site) == ["pending"]
    page = press(client, link, "confirm")
    assert "You are coming" in page.text
    assert "A seat near the door" in page.text
    assert states(site) == ["going"]
    link = mail_link(site)
    assert "Saved." in press(client, link, "change", party_size="4").text
    assert site.rows("SELECT seats_taken FROM w4r_event")[0][0] == 4
    page = press(client, link, "cancel")
    assert "You are no longer coming" in page.text
    assert "Ask again" in page.text
    assert (states(site), site.rows("SELECT seats_taken FROM w4r_event")[0][0]) == (["cancelled"], 0)
    run_jobs(site.app)
    assert site.mailer.messages[0]["Subject"].startswith("Confirm that you are coming")


def test_a_press_without_a_name_confirms(site: Host) -> None:
    """The first POST of the link confirms the address."""
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    answer = submit(client, client.get(link))
    assert (answer.status_code, states(site)) == (303, ["going"])
    # The same link goes on as the page to manage it.
    assert "You are coming" in client.get(link).text


def test_the_calendar_entry(site: Host) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    assert client.get(f"{link}/calendar.ics").status_code == 404
    press(client, link, "confirm")
    answer = client.get(f"{link}/calendar.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; method=REQUEST; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "METHOD:REQUEST" in answer.text
    assert "http://localhost/au/events/letters" in answer.text.replace("\r\n ", "")


def test_a_waiting_list_with_an_offer(site: Host, clock: Clock) -> None:
    put_event(site, slug="small", uid="small", capacity=2)
    client = site.app.test_client()
    links = []
    for number in (1, 2, 3):
        ask(client, number, path="/au/events/small/rsvp")
        links.append(mail_link(site))
        press(client, links[-1], "confirm")
    assert states(site) == ["going", "waitlisted", "waitlisted"]
    assert "You are first on the waiting list" in client.get(links[1]).text
    assert "1 group ahead of you on the waiting list" in client.get(links[2]).text
    press(client, links[0], "cancel")
    page = client.get(links[1])
    assert "There is a place for you" in page.text
    assert "reserved until" in page.text
    assert "You are coming" in press(client, links[1], "accept").text
    assert states(site) == ["cancelled", "going", "waitlisted"]
    press(client, links[1], "cancel")
    clock.now += timedelta(hours=25)
    assert "The offer has expired" in client.get(links[2]).text


def test_a_link_confirms_what_it_was_made_for(site: Host) -> None:
    """Whoever asks again with somebody's address does not have it confirmed by an older mail."""
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    page = client.get(link)
    ask(client, party_size="6")
    answer = submit(client, page)
    assert states(site) == ["pending"]
    assert answer.status_code == 303
    assert "There is a more recent email" in client.get(link).text
    press(client, mail_link(site), "confirm")
    assert [(row.state, row.party_size) for row in parties(site)] == [("going", 6)]


def test_an_event_that_was_called_off(site: Host, clock: Clock) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET state = 'cancelled'")
    page = client.get(link)
    assert "This event has been cancelled" in page.text
    assert 'name="do"' not in page.text
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET state = 'published'")
    clock.now += timedelta(days=6)
    assert "Confirm that you are coming" in client.get(link).text
    clock.now += timedelta(days=2)
    assert "This link has expired" in client.get(link).text


def test_no_such_link(site: Host) -> None:
    client = site.app.test_client()
    for path in ("/au/rsvp/nothing", "/au/rsvp/nothing/calendar.ics"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "does not work" in answer.text
    assert client.post("/au/rsvp/nothing", data={"do": "cancel"}).status_code == 404


def test_a_button_needs_its_page(site: Host) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    assert client.post(link, data={"do": "confirm"}).status_code == 422
    assert states(site) == ["pending"]


@pytest.fixture
def told() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    heard: list[tuple[str, dict[str, Any]]] = []

    def created(sender: Any, **ids: Any) -> None:
        heard.append(("created", ids))

    def changed(sender: Any, **ids: Any) -> None:
        heard.append(("changed", ids))

    with rsvp_created.connected_to(created), rsvp_changed.connected_to(changed):
        yield heard


def test_the_host_site_is_told(site: Host, told: list[tuple[str, dict[str, Any]]]) -> None:
    client = site.app.test_client()
    ask(client)
    link = mail_link(site)
    press(client, link, "confirm")
    ask(client)
    press(client, link, "cancel")
    assert [name for name, _ in told] == ["created", "changed", "changed"]
    assert all(ids == {"rsvp_id": 1, "event_id": 1, "section": "AU"} for _, ids in told)


def test_the_private_address_is_on_no_page(site: Host) -> None:
    put_event(site, slug="home", uid="home", kind="private", visibility="exact")
    client = site.app.test_client()
    ask(client, path="/au/events/home/rsvp")
    link = mail_link(site)
    press(client, link, "confirm")
    for path in ("/au/events/home/rsvp", "/au/events/home/rsvp/thanks", link, f"{link}/calendar.ics"):
        page = client.get(path)
        assert page.status_code == 200
        assert "Hidden Street" not in page.text
        assert "Old Library" not in page.text
