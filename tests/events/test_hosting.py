"""A host's own pages: changing, calling off, writing, the list, the door, the numbers; and what guests hear of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from flask_w4r.models import Event, Report
from flask_w4r.services.rsvps import codes
from flask_w4r.services.storage.unit_of_work import UnitOfWork, read, run
from flask_w4r.testing import submit
from tests.conftest import MakeHost, every_database
from tests.events.walks import STREET, Site, edit


@every_database
def test_a_change_of_time_is_told_and_a_big_one_is_looked_at_first(site: Site) -> None:
    site.hosted()
    site.guest()
    day = (site.state.clock() + timedelta(days=21)).strftime("%Y-%m-%d")
    before = len(site.host.mailer.messages)
    assert "done=edited" in edit(site, starts_at=f"{day}T17:00", ends_at=f"{day}T19:00").location
    site.jobs()
    assert [subject for subject in site.subjects(before) if "New time or location" in subject]
    assert (site.event().state, site.event().sequence) == ("published", 1)
    before = len(site.host.mailer.messages)
    answer = edit(site, title="Another name", starts_at=f"{day}T16:00")
    assert "done=submitted" in answer.location
    site.jobs()
    assert site.subjects(before) == []
    assert site.event().state == "submitted"
    site.publish()
    site.jobs()
    assert [subject for subject in site.subjects(before) if "New time or location" in subject]


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
    assert "already have a place" in answer.text
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
    assert len([subject for subject in site.subjects(before) if "Cancelled" in subject]) == 2


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
    assert "2 people have arrived" in site.client.get("/au/host/check-in").text


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
    row = read(site.host.app, lambda session: session.scalars(select(Report)).one())
    assert (row.state, row.people) == ("submitted", 12)
    assert row.counts[str(case)] == {"letter": 120}
    assert row.held_at is not None


def test_a_host_tells_of_the_section_s_own_type_and_mends_what_was_told_of_a_dropped_one(make_host: MakeHost) -> None:
    own = {"preset": "AU", "url_prefix": "/au", "action_types": {"vigil": {"en": "Vigils"}}}
    site = Site(make_host(section=own))
    site.hosted()
    case = site.cases["AU/ann-example"]

    def begun(work: UnitOfWork) -> None:
        work.session.execute(update(Event).values(starts_at=datetime(2020, 1, 1, tzinfo=UTC)))

    run(site.host.app, begun)
    typed = {f"count-{case}-{kind}": number for kind, number in (("vigil", "1"), ("solidarity_card", "30"))}
    submit(site.client, site.client.get("/au/host/report"), "csrf_token", people="12", **typed)

    def report(work: UnitOfWork) -> Report:
        return work.session.scalars(select(Report)).one()

    assert run(site.host.app, report).counts == {str(case): {"vigil": 1, "solidarity_card": 30}}

    def drop(work: UnitOfWork) -> None:
        report(work).counts = {str(case): {"smoke_signal": 5, "vigil": 1}}

    run(site.host.app, drop)
    page = site.client.get("/au/host/report")
    assert "Smoke signal" in page.text
    submit(site.client, page, "csrf_token", people="12", **{f"count-{case}-vigil": "2"})
    assert run(site.host.app, report).counts == {str(case): {"smoke_signal": 5, "vigil": 2}}


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
