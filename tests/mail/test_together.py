"""Who signs, comes to an event and hosts one has three mails, and needs to open one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, form_fields, make_events, run_jobs, submit, supporter, take_in
from tests.conftest import Host, MakeHost, every_database
from tests.events.walks import Site

from .world import MovingClock

ADDRESS = "sam@example.org"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(make_host: MakeHost, clock: MovingClock) -> Site:
    mailer = RecordingMailer()
    host: Host = make_host(w4r=W4R(mailer=mailer, clock=clock), captcha="none")
    host.mailer = mailer
    found = Site(host)
    make_events(host.app, 2)
    return found


def act(site: Site, clock: MovingClock) -> None:
    """Two signatures, two RSVPs and an event of one's own, in a quarter of an hour."""
    client = site.host.app.test_client()
    for slug in ("ann-example", "bob-example"):
        typed = {**supporter(1), "email": ADDRESS}
        assert submit(client, client.get(f"/au/cases/{slug}/sign"), "form_token", **typed).status_code == 303
    for row in site.host.rows("SELECT slug FROM w4r_event WHERE state = 'published' ORDER BY id"):
        path = f"/au/events/{row.slug}/rsvp"
        typed = {"name": "Sam Lee", "email": ADDRESS, "party_size": "2"}
        assert submit(client, client.get(path), "form_token", **typed).status_code == 303
    answer = submit(client, client.get("/au/events/new"), "place", **site.typed(host_email=ADDRESS, title="My event"))
    assert answer.status_code == 303
    take_in(site.host.app)
    run_jobs(site.host.app)
    clock.move(minutes=15)


def links(site: Site, part: str) -> list[str]:
    return [
        word.replace("http://localhost", "")
        for message in site.host.mailer.messages
        for word in message.get_body(("plain",)).get_content().split()
        if part in word
    ]


def press(site: Site, link: str, *, but: str = "", do: str = "") -> Any:
    """Open a link's page and press its button with all that is ticked."""
    client = site.host.app.test_client()
    page = client.get(link)
    assert page.status_code == 200
    fields = form_fields(page, "form_token")[1]
    ticked = {
        name: [
            value for value in re.findall(rf'name="{name}"\s+value="([^"]+)"', page.text) if not but or but not in value
        ]
        for name in ("cases", "others")
    }
    return client.post(link, data={**fields, **ticked, **({"do": do} if do else {})}, follow_redirects=True)


def how(site: Site) -> dict[str, list[str]]:
    tables = {"signature": "w4r_signature", "rsvp": "w4r_rsvp"}
    found = {
        name: [row.state for row in site.host.rows(f"SELECT state FROM {table} ORDER BY id")]
        for name, table in tables.items()
    }
    events = site.host.rows("SELECT state FROM w4r_event WHERE title = 'My event'")
    return {**found, "event": [row.state for row in events]}


ALL = {"signature": ["confirmed"] * 2, "rsvp": ["going"] * 2, "event": ["submitted"]}
NONE = {"signature": ["pending"] * 2, "rsvp": ["pending"] * 2, "event": ["unconfirmed"]}


@every_database
@pytest.mark.parametrize("part", ["/confirm/", "/rsvp/"])
def test_one_press_confirms_all_that_waits(site: Site, clock: MovingClock, part: str) -> None:
    act(site, clock)
    assert len(site.host.mailer.messages) == 3
    assert how(site) == NONE
    page = press(site, links(site, part)[0])
    assert page.status_code == 200
    assert how(site) == ALL
    assert "My event" in page.text if part == "/confirm/" else "4 other things" in page.text
    clock.move(seconds=10)
    tally = site.host.app.test_client().get("/au/tally.json").get_json()
    assert (tally["total"], tally["people"]) == (2, 1)
    # What still waited to leave has nothing to ask any more.
    site.host.mailer.messages.clear()
    clock.move(hours=2)
    run_jobs(site.host.app)
    assert not links(site, "/confirm/")
    assert not [message for message in site.host.mailer.messages if "Confirm" in message["Subject"]]


def test_what_is_not_ticked_goes_on_waiting(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    press(site, links(site, "/confirm/")[0], but="rsvps:")
    assert how(site) == {**ALL, "rsvp": ["pending"] * 2}
    press(site, links(site, "/rsvp/")[0])
    assert how(site) == ALL


def test_only_what_waits_elsewhere_can_be_chosen(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    page = press(site, links(site, "/confirm/")[0], but="-example")
    assert page.status_code == 200
    assert how(site) == {**ALL, "signature": ["pending"] * 2}


def test_what_came_since_the_page_was_opened_is_not_confirmed_unseen(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    client = site.host.app.test_client()
    link = links(site, "/confirm/")[0]
    page = client.get(link)
    fields = form_fields(page, "form_token")[1]
    keys = re.findall(r'name="others"\s+value="([^"]+)"', page.text)
    clock.move(minutes=1)
    slug = site.host.rows("SELECT slug FROM w4r_event WHERE state = 'published' ORDER BY id")[0].slug
    path = f"/au/events/{slug}/rsvp"
    typed = {"name": "Mallory", "email": ADDRESS, "party_size": "6"}
    assert submit(client, client.get(path), "form_token", **typed).status_code == 303
    client.post(link, data={**fields, "cases": ["ann-example"], "others": keys})
    assert how(site)["rsvp"] == ["pending", "going"]


@every_database
@pytest.mark.parametrize("part", ["/confirm/", "/rsvp/"])
def test_this_was_not_me_takes_all_that_waits(site: Site, clock: MovingClock, part: str) -> None:
    act(site, clock)
    if part == "/confirm/":
        page = site.host.app.test_client().get(links(site, part)[0])
        (not_me,) = re.findall(r'href="([^"]*/not-me/[^"]*)"', page.text)
        answer = press(site, not_me)
    else:
        answer = press(site, links(site, part)[0], do="not_me")
    assert (answer.status_code, "removed" in answer.text) == (200, True)
    assert how(site) == {"signature": ["invalid"] * 2, "rsvp": [], "event": []}
    assert {tuple(row) for row in site.host.rows("SELECT seats_taken, pending_seats FROM w4r_event")} == {(0, 0)}
    site.host.mailer.messages.clear()
    clock.move(days=1)
    run_jobs(site.host.app)
    assert not site.host.mailer.messages


def test_the_links_of_others_list_nothing_of_it(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    client = site.host.app.test_client()
    typed = {**supporter(2), "email": "else@example.org"}
    assert submit(client, client.get("/au/cases/ann-example/sign"), "form_token", **typed).status_code == 303
    take_in(site.host.app)
    run_jobs(site.host.app)
    page = client.get(links(site, "/confirm/")[-1])
    assert page.status_code == 200 and 'name="others"' not in page.text


def come_again(site: Site) -> int:
    """How many mails come of another RSVP."""
    site.host.mailer.messages.clear()
    client = site.host.app.test_client()
    slug = site.host.rows("SELECT slug FROM w4r_event WHERE state = 'published' ORDER BY id")[0].slug
    typed = {"name": "Sam Lee", "email": ADDRESS, "party_size": "1"}
    assert submit(client, client.get(f"/au/events/{slug}/rsvp"), "form_token", **typed).status_code == 303
    run_jobs(site.host.app)
    return len(site.host.mailer.messages)


def test_only_who_stopped_the_mails_lets_them_come_again(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    page = site.host.app.test_client().get(links(site, "/confirm/")[0])
    (not_me,) = re.findall(r'href="([^"]*/not-me/[^"]*)"', page.text)
    done = press(site, not_me)
    assert come_again(site) == 0
    fields = form_fields(done, "undo")[1]
    client = site.host.app.test_client()
    for wrong in ("", "v1:forged", "x" * 3000):
        assert client.post("/au/not-me", data={"undo": wrong}).status_code in (400, 409)
    assert come_again(site) == 0
    answer = client.post("/au/not-me", data=fields)
    assert (answer.status_code, "again" in answer.text) == (200, True)
    clock.move(days=1)
    assert come_again(site) == 1


def test_it_can_be_taken_back_for_two_hours(site: Site, clock: MovingClock) -> None:
    act(site, clock)
    done = press(site, links(site, "/rsvp/")[0], do="not_me")
    fields = form_fields(done, "undo")[1]
    clock.move(hours=2)
    assert site.host.app.test_client().post("/au/not-me", data=fields).status_code == 409
    assert come_again(site) == 0
