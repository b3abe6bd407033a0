"""The worker's part beside reminders: what is shown of the seats, the end of an event, the nightly count."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Rsvp
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from tests.conftest import every_database
from tests.events.rounds import Site
from tests.events.rounds import site as site


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"capacity": None, "seats_taken": 500}, "open"),
        ({"capacity": 100, "seats_taken": 79}, "open"),
        ({"capacity": 100, "seats_taken": 80}, "few"),
        ({"capacity": 100, "seats_taken": 99, "pending_seats": 20}, "open"),
        ({"capacity": 10, "seats_taken": 6}, "open"),
        ({"capacity": 10, "seats_taken": 7}, "few"),
        ({"capacity": 10, "seats_taken": 10}, "full"),
        ({"capacity": 10, "seats_taken": 10, "pending_seats": 2}, "few"),
    ],
)
@every_database
def test_what_is_shown_of_the_seats(site: Site, values: dict[str, Any], shown: str) -> None:
    site.set(**values)
    site.now += timedelta(minutes=5)
    assert site.run().get("renewed", 0) == (shown != "open")
    assert site.party.event().availability == shown


@pytest.mark.parametrize(("capacity", "shown"), [(8, "full"), (7, "full"), (5, "few")])
@every_database
def test_nobody_gets_a_seat_before_those_who_wait_and_can_be_served(site: Site, capacity: int, shown: str) -> None:
    site.set(capacity=8)
    site.come(1, size=4)
    site.come(2, size=6)
    site.set(capacity=capacity)
    site.now += timedelta(minutes=5)
    site.run()
    assert site.party.event().availability == shown


def test_availability_is_renewed_with_the_clock_and_not_with_the_guests(site: Site) -> None:
    site.come(1, 2, 3, 4)
    site.come(5, size=5)
    for second in (0, 30, 60, 120, 238):
        site.now = datetime(2026, 11, 1, 12, 1, tzinfo=UTC) + timedelta(seconds=second)
        site.run()
        assert site.party.event().availability == "open"
    before = site.version()
    site.now = datetime(2026, 11, 1, 12, 5, 1, tzinfo=UTC)
    assert site.run() == {"renewed": 1}
    assert (site.party.event().availability, site.version()) == ("few", before + 1)
    site.party.do("cancel", 5)
    site.now += timedelta(seconds=200)
    assert (site.run(), site.run(fresh=False), site.party.event().availability) == ({}, {}, "few")
    site.now += timedelta(seconds=100)
    assert (site.run(fresh=False), site.party.event().availability) == ({"renewed": 1}, "open")


@every_database
def test_an_event_that_ended_is_over_and_its_host_asked_once(site: Site) -> None:
    site.come(1)
    site.now = site.party.event().ends_at - timedelta(seconds=1)
    site.run()
    assert site.party.event().state == "published"
    before = site.version()
    site.now += timedelta(seconds=1)
    assert site.run() == {"over": 1, "asked": 1}
    event = site.party.event()
    assert (event.state, event.report_asked_at, site.version()) == ("over", site.now, before + 1)
    site.sent()
    assert (site.run(), site.mails("event_report")) == ({}, 1)


@pytest.mark.parametrize("values", [{"is_demo": True}, {"report_asked_at": datetime(2026, 11, 1, tzinfo=UTC)}])
def test_some_hosts_are_not_asked(site: Site, values: dict[str, Any]) -> None:
    site.set(**values)
    site.now = site.starts + timedelta(days=1)
    assert site.run() == {"over": 1}
    assert site.mails("event_report") == 0


def test_offers_and_claims_that_ended_are_swept(site: Site) -> None:
    site.set(capacity=2)
    site.come(1, size=2)
    site.come(2, 3)
    site.party.do("cancel", 1)
    assert site.party.states(1, 2, 3) == ["cancelled", "offered", "offered"]
    site.come(4, size=2)
    site.now += timedelta(hours=24)
    # The offer to 4 goes out in the same transaction that ends the last of the two others.
    assert site.run()["offered"] == 1
    assert site.party.states(2, 3, 4) == ["expired", "expired", "offered"]
    site.party.check()


@every_database
def test_what_nobody_confirmed_is_forgotten(site: Site) -> None:
    site.come(1)
    site.party.ask(2)
    site.set(starts_at=site.starts + timedelta(days=30), ends_at=site.starts + timedelta(days=31))
    site.now += timedelta(days=14, seconds=1)
    assert purge(site.host.app)["pending_rsvps"] == 0, "its seats were not given back yet"
    site.run()
    site.now += timedelta(days=14, seconds=1)
    assert purge(site.host.app)["pending_rsvps"] == 1
    assert site.party.states(1, 2) == ["going", "none"]
    site.party.check()


@every_database
def test_recount_finds_and_mends(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.set(capacity=3)
    site.come(1, 2, 3, 4)
    assert "1 events compared, 0 differ." in site.host.run("w4r", "events", "recount").output
    site.party.do("cancel", 1)
    site.party.do("cancel", 4)
    site.set(seats_taken=3, pending_seats=1)
    with caplog.at_level(logging.ERROR):
        assert site.run()["drifts"] == 1
    assert "seats_taken kept 3, counted 2; pending_seats kept 1, counted 0" in caplog.text
    runner = site.host.app.test_cli_runner()
    told = runner.invoke(args=["w4r", "events", "recount", "--json"])
    assert told.exit_code == 1
    assert json.loads(told.output)[0]["drifts"][0]["kept"]["pending_seats"] == 1
    fixed = runner.invoke(args=["w4r", "events", "recount", "--fix"])
    assert (fixed.exit_code, "1 differ and 1 were corrected" in fixed.output) == (0, True), fixed.output
    site.party.check()
    assert site.host.rows("SELECT action FROM w4r_audit ORDER BY seq")[-1] == ("seats_corrected",)


def test_seats_that_a_recount_frees_are_offered(site: Site) -> None:
    site.set(capacity=2)
    site.come(1, 2, 3)
    gone = update(Rsvp).where(Rsvp.id == site.party.rows()[0].id).values(state="cancelled", seats_held=0)
    run(site.host.app, lambda work: execute(work.session, gone))
    site.host.run("w4r", "events", "recount", "--fix")
    assert site.party.states(1, 2, 3) == ["cancelled", "going", "offered"]


def test_an_oversold_event_is_not_touched(site: Site) -> None:
    site.set(capacity=2)
    site.come(1, 2)
    more = update(Rsvp).where(Rsvp.id == site.party.rows()[0].id).values(seats_held=3)
    run(site.host.app, lambda work: execute(work.session, more))
    told = site.host.app.test_cli_runner().invoke(args=["w4r", "events", "recount", "--fix"])
    assert told.exit_code == 1
    assert "more seats held than there are" in told.output
    assert site.party.event().seats_taken == 2
