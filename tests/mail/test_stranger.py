"""A stranger types somebody's address into every form that there is, a hundred times and more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.testing import RecordingMailer, make_events, run_jobs, submit, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.events.walks import Site

from .world import MovingClock

VICTIM = "sam@example.org"
GENEROUS = {
    f"{form}_{tier}": "100000/minute" for form in ("sign", "rsvp", "event") for tier in ("host", "site", "block")
}


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def site(make_host: MakeHost, clock: MovingClock) -> Site:
    mailer = RecordingMailer()
    host: Host = make_host(
        w4r=W4R(mailer=mailer, clock=clock), captcha="none", rate_limits={**GENEROUS, "host_message": "1000/hour"}
    )
    host.mailer = mailer
    return Site(host)


def type_everywhere(site: Site, clock: MovingClock) -> int:
    """Each form in turn; returns how often one was sent."""
    client, sent = site.host.app.test_client(), 0

    def send(path: str, needle: str, **typed: Any) -> None:
        nonlocal sent
        answer = submit(client, client.get(path), needle, **typed)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        sent += 1
        if sent % 7 == 0:
            run_jobs(site.host.app)
            clock.move(minutes=1)

    events = [row.slug for row in site.host.rows("SELECT slug FROM w4r_event WHERE state = 'published'")]
    for turn in range(10):
        for slug in ("ann-example", "bob-example"):
            typed = {**supporter(turn), "email": VICTIM, "first_name": f"Mallory{turn}"}
            send(f"/au/cases/{slug}/sign", "form_token", **typed)
        send("/au/sign", "form_token", **{**supporter(), "email": VICTIM, "cases": ["ann-example", "bob-example"]})
        for slug in events:
            send(f"/au/events/{slug}/rsvp", "form_token", name=f"Mallory {turn}", email=VICTIM, party_size="1")
        send("/au/events/new", "place", **site.typed(host_email=VICTIM, title=f"Event {turn}"))
        send("/au/host/lost", "host_email", host_email=VICTIM)
    return sent


@every_database
def test_all_kinds_together_bring_three_mails_a_day_and_confirm_nothing(site: Site, clock: MovingClock) -> None:
    make_events(site.host.app, 6)
    sent = type_everywhere(site, clock)
    assert sent >= 100
    for _ in range(12):
        clock.move(hours=1)
        run_jobs(site.host.app)
    mailed = [str(message["To"]) for message in site.host.mailer.messages]
    assert mailed == [VICTIM] * 3
    day = clock.moment.date()
    while clock.moment.date() == day:
        clock.move(hours=1)
    for _ in range(20):
        clock.move(hours=1)
        if clock.moment.date() - day > timedelta(days=1):
            break
        run_jobs(site.host.app)
    assert len(site.host.mailer.messages) <= 6, "three of the next day"
    rows = site.host.rows("SELECT state FROM w4r_signature UNION ALL SELECT state FROM w4r_rsvp")
    assert {row.state for row in rows} == {"pending"}
    assert {row.state for row in site.host.rows("SELECT state FROM w4r_event WHERE title LIKE 'Event %'")} == {
        "unconfirmed"
    }
    assert not site.host.rows("SELECT person_index FROM w4r_edition_person")


def test_its_owner_answers_one_and_all_that_waited_leaves(site: Site, clock: MovingClock) -> None:
    """A host with four events, who signs and comes to others' too: nothing is lost to the cap."""
    make_events(site.host.app, 4)
    client = site.host.app.test_client()
    for number in range(4):
        typed = site.typed(host_email=VICTIM, title=f"Mine {number}")
        assert submit(client, client.get("/au/events/new"), "place", **typed).status_code == 303
    for row in site.host.rows("SELECT slug FROM w4r_event WHERE state = 'published'"):
        page = client.get(f"/au/events/{row.slug}/rsvp")
        assert submit(client, page, "form_token", name="Sam", email=VICTIM, party_size="1").status_code == 303
    for _ in range(3):
        run_jobs(site.host.app)
        clock.move(minutes=1)
    assert len(site.host.mailer.messages) == 3
    link = site.host.mailer.links("/host/", 0)[0].removeprefix("http://localhost")
    answer = submit(client, client.get(link), "form_token")
    assert answer.status_code == 303
    assert any("w4r_mailbox_au" in line and "HttpOnly" in line for line in answer.headers.getlist("Set-Cookie"))
    for _ in range(3):
        run_jobs(site.host.app)
        clock.move(minutes=1)
    mailed = [str(message["To"]) for message in site.host.mailer.messages]
    assert len(mailed) == 8, "four to confirm an event, four to confirm that somebody comes"
    rsvps = [url for number in range(8) for url in site.host.mailer.links("/rsvp/", number)]
    for url in dict.fromkeys(rsvps):
        path = url.removeprefix("http://localhost").split("?")[0]
        submit(client, client.get(path), "form_token")
    assert {row.state for row in site.host.rows("SELECT state FROM w4r_rsvp")} == {"going"}
