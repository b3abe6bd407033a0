"""Hosting an event through the pages: the form, the link in the mail, the host's own pages, and what guests hear."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from flask_w4r.models import Event, EventReport, Place, PlaceName
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.hosting.draft import secret_of
from flask_w4r.services.places.names import fold
from flask_w4r.services.rsvps import codes
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from flask_w4r.testing import form_fields, make_campaign, run_jobs, submit
from tests.conftest import Host, MakeHost, every_database
from tests.events.rows import add_rsvp

SYDNEY = (2147714, "Sydney", "AU", "02", -33.86785, 151.20732, 4627345, "Australia/Sydney")
PERTH = (2063523, "Perth", "AU", "08", -31.95224, 115.8614, 1896548, "Australia/Perth")
PARRA = (2153770, "Parramatta", "AU", "02", -33.8178, 151.0035, 30000, "Australia/Sydney")
TWINS = [(1, "Springfield", "AU", "02", -33.0, 151.0, 9000, "Australia/Sydney"),
         (2, "Springfield", "AU", "04", -27.6, 152.9, 9000, "Australia/Brisbane")]  # fmt: skip
STREET = "12 Hidden Lane"


class Site:
    """A site with towns, cases, and somebody who wants to host."""

    def __init__(self, host: Host) -> None:
        self.host, self.state = host, get_state(host.app)
        self.section = next(iter(self.state.sections.values()))
        self.cases = make_campaign(host.app, ("ann-example", "bob-example"))
        self.client: FlaskClient = host.app.test_client()

        def load(uow: Any) -> None:
            for row in (SYDNEY, PERTH, PARRA, *TWINS):
                names = ("id", "name", "country", "region", "lat", "lon", "population", "time_zone")
                uow.session.add(Place(**dict(zip(names, row, strict=True))))
            uow.session.flush()
            for row in (SYDNEY, PERTH, PARRA, *TWINS):
                uow.session.add(PlaceName(folded=fold(row[1]), place_id=row[0], name=row[1], locale=""))

        run(host.app, load)

    def typed(self, **changes: Any) -> dict[str, Any]:
        day = (self.state.clock() + timedelta(days=20)).strftime("%Y-%m-%d")
        return {
            "title": "Letters at the library", "kind": "public", "starts_at": f"{day}T18:00", "ends_at": f"{day}T20:00",
            "place": "Sydney", "venue_name": "Library", "address": STREET, "visibility": "exact",
            "lat": "-33.8701", "lon": "151.2099", "capacity": "10", "description": "Bring a pen.",
            "cases": ["ann-example"], "host_name": "Sam Host", "host_email": "sam@example.org", **changes,
        }  # fmt: skip

    def post(self, **changes: Any) -> Any:
        page = self.client.get("/au/events/new")
        assert page.status_code == 200
        return submit(self.client, page, "place", **self.typed(**changes))

    def jobs(self) -> None:
        with self.host.app.app_context():
            run_jobs(self.host.app)

    def event(self, number: int = 1) -> Event:
        return read(self.host.app, lambda session: session.get_one(Event, number))

    def secret(self, number: int = 1) -> dict[str, Any]:
        return secret_of(self.event(number), self.state.keyring)

    def enter(self, link: str | None = None) -> Any:
        link = (link or self.host.mailer.links("/host/")[0]).removeprefix("http://localhost")
        page = self.client.get(link)
        assert page.status_code == 200
        return submit(self.client, page, "form_token")

    def press(self, path: str, **typed: Any) -> Any:
        """A button of the host's page."""
        _, fields = form_fields(self.client.get("/au/host"), "csrf_token")
        return self.client.post(f"/au/host/{path}", data={"csrf_token": fields["csrf_token"], **typed})

    def publish(self, number: int = 1) -> None:
        def work(uow: Any) -> None:
            now, keyring = self.state.clock(), self.state.keyring
            assert events.publish(uow.session, keyring, self.section, number, now=now).outcome == "published"

        run(self.host.app, work)

    def hosted(self, **changes: Any) -> None:
        """An event that is published, and its host at its page."""
        assert self.post(**changes).status_code == 303
        self.jobs()
        assert self.enter().status_code == 303
        self.publish()
        self.jobs()

    def guest(self, **columns: Any) -> int:
        def work(uow: Any) -> int:
            event = uow.session.get_one(Event, 1)
            now = self.state.clock()
            return add_rsvp(uow.session, self.state.keyring, self.section, event, now=now, **columns).id

        return run(self.host.app, work)

    def subjects(self, since: int) -> list[str]:
        return [str(message["Subject"]) for message in self.host.mailer.messages[since:]]


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host())


@every_database
def test_from_the_form_to_the_hosts_page(site: Site) -> None:
    answer = site.post()
    assert answer.status_code == 303
    assert site.client.get(answer.location).status_code == 200
    event = site.event()
    assert (event.state, event.held_at, event.time_zone, event.town) == (
        "unconfirmed",
        None,
        "Australia/Sydney",
        "Sydney",
    )
    assert (event.public_lat, event.public_lon) == (-33.8701, 151.2099)
    assert STREET not in str(vars(event))
    assert site.secret()["address"] == STREET
    site.jobs()
    link = site.host.mailer.links("/host/")[0]
    before = site.event()
    for _ in range(2):
        assert site.client.get(link.removeprefix("http://localhost")).status_code == 200
    assert site.event().version == before.version
    answer = site.enter(link)
    assert answer.status_code == 303
    assert answer.location.endswith("/au/host")
    assert site.event().state == "submitted"
    assert site.event().held_at is not None
    page = site.client.get("/au/host")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert STREET in page.text
    assert site.host.app.test_client().get("/au/host").status_code == 403


def test_the_link_ends_with_a_new_one_and_after_the_event(site: Site) -> None:
    site.hosted()
    old = site.host.mailer.links("/host/")[0]
    assert site.press("link").status_code == 200
    site.jobs()
    new = site.host.mailer.links("/host/")[0]
    assert new != old
    assert site.client.get("/au/host").status_code == 403
    assert site.client.get(old.removeprefix("http://localhost")).status_code == 410
    assert site.enter(new).status_code == 303


@pytest.mark.parametrize("kind", ["private", "school"])
def test_a_home_and_a_school_never_show_more_than_the_town(site: Site, kind: str) -> None:
    assert site.post(kind=kind).status_code == 303
    event = site.event()
    assert event.visibility != "exact"
    assert (event.public_lat, event.public_lon) == (SYDNEY[4], SYDNEY[5])
    assert (event.closed_at is not None) == (kind == "school")


def test_a_street_in_words_for_all_is_told_to_the_desk(site: Site) -> None:
    site.post(kind="private", description="Come to 5 Ocean Street, second floor.")
    assert [item["check"] for item in site.event().reasons].count("address_in_text") == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Give the event a name"),
        ({"place": "Nowhereville"}, "No such town"),
        ({"place": ""}, "Enter the town"),
        ({"ends_at": "2026-01-01T10:00"}, "after the beginning"),
        ({"starts_at": "soon"}, "in the form"),
        ({"kind": "online", "online_url": ""}, "link to the online room"),
        ({"kind": "online", "online_url": "javascript:alert(1)"}, "begins with https"),
        ({"capacity": "many"}, "whole number"),
        ({"lat": "10", "lon": "10"}, "far from the town"),
        ({"cases": []}, "at least one person"),
        ({"host_email": "sam"}, "e-mail address"),
        ({"address": ""}, "Enter the address"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(site: Site, changes: dict[str, Any], words: str) -> None:
    answer = site.post(**changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert changes.get("venue_name", "Library") in answer.text
    assert site.host.rows("SELECT count(*) FROM w4r_event")[0][0] == 0


def test_a_form_without_tokens_comes_back_filled(site: Site) -> None:
    answer = site.client.post("/au/events/new", data=site.typed())
    assert answer.status_code == 422
    assert "Letters at the library" in answer.text
    assert submit(site.client, answer, "place").status_code == 303


def test_two_towns_of_one_name_are_to_choose_from(site: Site) -> None:
    answer = site.post(place="Springfield")
    assert answer.status_code == 422
    assert 'value="1"' in answer.text
    assert submit(site.client, answer, "place", place_id="2", lat="", lon="").status_code == 303
    assert (site.event().place_id, site.event().time_zone) == (2, "Australia/Brisbane")


def next_change(zone: str, start: datetime, *, back: bool) -> datetime:
    from zoneinfo import ZoneInfo

    clock, day = ZoneInfo(zone), start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    while True:
        day += timedelta(days=1)
        less = (day + timedelta(days=1)).replace(tzinfo=clock).utcoffset()
        now = day.replace(tzinfo=clock).utcoffset()
        assert less is not None
        assert now is not None
        if (less < now) if back else (less > now):
            return day


@pytest.mark.parametrize("back", [True, False])
def test_the_night_when_the_clocks_are_changed(site: Site, back: bool) -> None:
    day = next_change("Australia/Sydney", site.state.clock(), back=back).strftime("%Y-%m-%d")
    answer = site.post(starts_at=f"{day}T02:30", ends_at=f"{day}T06:00")
    assert answer.status_code == 422
    if not back:
        assert "There is no such time" in answer.text
        return
    assert "comes twice" in answer.text
    assert submit(site.client, answer, "place", starts_which="second").status_code == 303
    event = site.event()
    assert event.ends_at - event.starts_at == timedelta(hours=3, minutes=30)


def edit(site: Site, **changes: Any) -> Any:
    page = site.client.get("/au/host/edit")
    assert page.status_code == 200
    return submit(site.client, page, "csrf_token", **changes)


@every_database
def test_a_change_of_time_is_told_and_a_big_one_is_looked_at_first(site: Site) -> None:
    site.hosted()
    site.guest()
    day = (site.state.clock() + timedelta(days=21)).strftime("%Y-%m-%d")
    before = len(site.host.mailer.messages)
    assert "done=edited" in edit(site, starts_at=f"{day}T17:00", ends_at=f"{day}T19:00").location
    site.jobs()
    assert [subject for subject in site.subjects(before) if "Time or place" in subject]
    assert (site.event().state, site.event().sequence) == ("published", 1)
    before = len(site.host.mailer.messages)
    answer = edit(site, title="Another name", starts_at=f"{day}T16:00")
    assert "done=submitted" in answer.location
    site.jobs()
    assert site.subjects(before) == []
    assert site.event().state == "submitted"
    site.publish()
    site.jobs()
    assert [subject for subject in site.subjects(before) if "Time or place" in subject]


def test_nothing_changed_is_nothing_told(site: Site) -> None:
    site.hosted()
    site.guest()
    before, event = len(site.host.mailer.messages), site.event()
    assert "done=edited" in edit(site).location
    site.jobs()
    assert site.subjects(before) == []
    after = site.event()
    for name in ("sequence", "state", "starts_at", "public_lat", "public_lon", "place_id", "time_zone", "visibility"):
        assert getattr(after, name) == getattr(event, name), name


def test_fewer_seats_than_are_taken_are_refused(site: Site) -> None:
    site.hosted()
    site.guest(party_size=4)
    answer = edit(site, capacity="3")
    assert answer.status_code == 422
    assert "have a seat already" in answer.text
    assert site.event().capacity == 10


@every_database
def test_cancelling_tells_everybody_once(site: Site) -> None:
    site.hosted()
    site.guest()
    site.guest(email="b@example.org", state="waitlisted")
    before = len(site.host.mailer.messages)
    page = site.client.get("/au/host/cancel")
    assert submit(site.client, page, "csrf_token").status_code == 303
    assert site.event().state == "cancelled"
    site.jobs()
    assert len([subject for subject in site.subjects(before) if "Called off" in subject]) == 2


@every_database
def test_the_list_shows_first_names_and_the_full_one_needs_a_fresh_link(site: Site) -> None:
    site.hosted()
    site.guest(name="Gus Guest", email="gus@example.org")
    page = site.client.get("/au/host/list")
    assert "Gus" in page.text
    assert "Guest</bdi>" not in page.text
    assert "gus@" not in page.text
    assert submit(site.client, page, "csrf_token").status_code == 303
    site.jobs()
    link = site.host.mailer.links("/host/list/")[0].removeprefix("http://localhost")
    shown = site.client.get(link)
    assert "gus@" not in shown.text
    assert "gus@example.org" in submit(site.client, shown, "form_token").text
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_token SET expires_at = created_at WHERE purpose = 'host_list'")
    assert site.client.get(link).status_code == 410


@every_database
def test_checking_in_by_code_and_by_name(site: Site) -> None:
    site.hosted()
    number = site.guest()
    code = codes.check_in_code(site.state.keyring, number)
    assert codes.rsvp_of_code(site.state.keyring, code) == number
    assert codes.rsvp_of_code(site.state.keyring, code[:-1] + ("a" if code[-1] != "a" else "b")) is None
    page = site.client.get("/au/host/check-in", query_string={"code": code})
    assert "Gus" in page.text
    assert submit(site.client, page, "guest").status_code == 303
    assert site.host.rows("SELECT count(*) FROM w4r_rsvp WHERE checked_in_at IS NOT NULL")[0][0] == 1
    assert "2 people are there" in site.client.get("/au/host/check-in").text


@every_database
def test_the_address_goes_to_whom_the_host_lets_in(site: Site) -> None:
    site.hosted(kind="private", visibility="approval")
    site.guest()
    site.jobs()
    assert not any(STREET in str(message) for message in site.host.mailer.messages)
    page = site.client.get("/au/host")
    before = len(site.host.mailer.messages)
    assert submit(site.client, page, "guest").status_code == 303
    site.jobs()
    sent = site.host.mailer.messages[before:]
    assert len(sent) == 1
    assert STREET in str(sent[0].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_a_message_reaches_who_comes_in_the_hosts_words(site: Site) -> None:
    site.hosted()
    site.guest()
    page = site.client.get("/au/host/message")
    before = len(site.host.mailer.messages)
    assert submit(site.client, page, "csrf_token", text="Bring <stamps>.\nSee you", to="going").status_code == 303
    site.jobs()
    assert len(site.subjects(before)) == 1
    assert "Bring <stamps>." in site.host.mailer.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]


@every_database
def test_the_same_event_again(site: Site) -> None:
    site.hosted()
    page = site.client.get("/au/host/duplicate")
    assert submit(site.client, page, "csrf_token").status_code == 303
    first, second = site.event(1), site.event(2)
    assert second.state == "submitted"
    assert second.starts_local - first.starts_local == timedelta(days=7)
    assert (second.uid != first.uid, second.slug != first.slug) == (True, True)
    assert site.secret(2)["address"] == STREET


@every_database
def test_numbers_wait_for_the_desk(site: Site) -> None:
    site.hosted()
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_event SET starts_at = '2020-01-01 00:00:00'")
    page = site.client.get("/au/host/report")
    case = site.cases["AU/ann-example"]
    answer = submit(site.client, page, "csrf_token", people="x")
    assert answer.status_code == 422
    answer = submit(site.client, page, "csrf_token", people="12", **{f"count-{case}-letter": "120"})
    assert "done=reported" in answer.location
    row = read(site.host.app, lambda session: session.scalars(select(EventReport)).one())
    assert (row.state, row.people) == ("submitted", 12)
    assert row.counts[str(case)] == {"letter": 120}
    assert row.held_at is not None


def test_sheets_of_its_cases(site: Site) -> None:
    site.hosted()
    page = site.client.get("/au/host/print?paper=letter")
    assert page.status_code == 200
    assert page.text.count("<article") == 1
    assert "w4r-sheet--letter" in page.text


@pytest.mark.parametrize(
    "path", ["close", "cancel", "message", "edit", "duplicate", "list", "check-in", "report", "link"]
)
def test_a_press_without_its_token_changes_nothing(site: Site, path: str) -> None:
    site.hosted()
    before = site.host.rows("SELECT * FROM w4r_event")
    assert site.client.post(f"/au/host/{path}", data={"csrf_token": "x", "text": "Kept words"}).status_code == 422
    assert site.host.rows("SELECT * FROM w4r_event") == before
    assert site.host.app.test_client().post(f"/au/host/{path}").status_code == 403


def test_the_forms_have_what_they_say(site: Site) -> None:
    action, fields = form_fields(site.client.get("/au/events/new"), "place")
    assert action.endswith("/au/events/new")
    assert {"title", "place", "starts_at", "csrf_token", "form_token"} <= set(fields)
