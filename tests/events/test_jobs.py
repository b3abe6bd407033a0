"""The worker's part: reminders, what is shown of the seats, the end of an event, the nightly count."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r import W4R
from flask_w4r.models import Event, Rsvp
from flask_w4r.services.events.changes import version
from flask_w4r.services.hosting import jobs as event_jobs
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.rsvps.seats import lock_event
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.testing import RecordingMailer
from tests.conftest import Host, MakeHost, every_database
from tests.rsvps.guests import Party


class Site:
    """A site whose clock stands, with one event in ten days."""

    def __init__(self, make_host: MakeHost) -> None:
        self.now = datetime(2026, 11, 1, 12, 1, tzinfo=UTC)
        self.host: Host = make_host(w4r=W4R(mailer=RecordingMailer(), clock=lambda: self.now))
        self.party = Party(self.host.app)
        self.starts = self.party.event().starts_at

    def come(self, *guests: int, size: int = 1) -> None:
        for guest in guests:
            self.party.ask(guest, size)
            self.party.do("confirm", guest)

    def run(self, *, fresh: bool = True) -> dict[str, Any]:
        """One round, of a worker that was just started unless said otherwise; what it did."""
        if fresh:
            self.party.state.lazy.pop("event_rhythm", None)
        return {name: count for name, count in event_jobs.run_events(self.host.app).items() if count}

    def mails(self, kind: str) -> int:
        return int(self.host.rows("SELECT count(*) FROM w4r_outbox WHERE kind = :kind", kind=kind)[0][0])

    def sent(self) -> None:
        """As if all mail had left."""
        with self.host.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE w4r_outbox SET state = 'sent', dedupe = NULL")

    def set(self, **values: Any) -> None:
        """Behind the services' back."""
        own = update(Event).where(Event.id == self.party.event_id).values(**values)
        run(self.host.app, lambda work: execute(work.session, own))

    def version(self) -> int:
        return read(self.host.app, lambda session: version(session, self.party.section))


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host)


@every_database
def test_a_guest_is_reminded_a_day_and_two_hours_before(site: Site) -> None:
    site.come(1, 2)
    site.party.ask(3)
    site.run()
    assert site.mails("rsvp_reminder") == 0
    site.now = site.starts - timedelta(hours=24, seconds=1)
    site.run()
    assert site.mails("rsvp_reminder") == 0
    site.now = site.starts - timedelta(hours=24)
    assert site.run() == {"reminded": 2}
    site.sent()
    assert (site.run(), site.run(fresh=False), site.mails("rsvp_reminder")) == ({}, {}, 2)
    site.now = site.starts - timedelta(hours=2)
    assert site.run() == {"reminded": 2}
    site.sent()
    assert (site.run(), site.mails("rsvp_reminder")) == ({}, 4)


def test_who_comes_late_is_reminded_once(site: Site) -> None:
    site.come(1)
    site.now = site.starts - timedelta(hours=24, minutes=30)
    site.come(2)
    site.now = site.starts - timedelta(hours=20)
    site.come(3)
    assert site.run()["reminded"] == 1
    site.now = site.starts - timedelta(hours=2, minutes=10)
    site.come(4)
    site.now = site.starts - timedelta(hours=1)
    assert site.run()["reminded"] == 3


def test_a_worker_that_was_away_sends_the_nearer_reminder_alone(site: Site) -> None:
    site.come(1)
    site.now = site.starts - timedelta(hours=1)
    assert site.run()["reminded"] == 1
    site.sent()
    assert "reminded" not in site.run()
    assert site.mails("rsvp_reminder") == 1


def test_a_new_time_is_a_new_reason_to_remind(site: Site) -> None:
    site.come(1)
    site.now = site.starts - timedelta(hours=20)
    assert site.run()["reminded"] == 1
    site.sent()
    later = timedelta(days=3)
    site.set(starts_at=site.starts + later, ends_at=site.starts + later + timedelta(hours=2))
    assert "reminded" not in site.run()
    site.now += later
    assert site.run()["reminded"] == 1
    (row,) = site.party.rows()
    assert len(row.reminded) == 1, "marks of a beginning that is none any more are dropped"


def test_who_was_just_told_the_new_time_is_not_reminded_of_it_at_once(site: Site) -> None:
    site.come(1)
    site.now = site.starts - timedelta(hours=20)
    assert site.run()["reminded"] == 1
    site.sent()
    site.set(starts_at=site.starts + timedelta(hours=1), sequence=1)

    def tell(work: Any) -> int:
        session, party = work.session, site.party
        event = lock_event(session, party.section, party.event_id)
        return events.tell(session, party.state.keyring, party.section, event, "event_changed", now=site.now)

    assert run(site.host.app, tell) == 1
    assert "reminded" not in site.run()
    site.now = site.starts - timedelta(hours=1)
    assert site.run()["reminded"] == 1


def test_many_guests_are_reminded_in_pieces(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.set(capacity=None)
    site.come(*range(7))
    monkeypatch.setitem(event_jobs.remind_guests.__kwdefaults__, "limit", 3)
    site.now = site.starts - timedelta(hours=3)
    assert site.run()["reminded"] == 7


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


def test_one_event_that_cannot_be_read_stops_no_other(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    other = Party(site.host.app, slug="others", uid="other", capacity=1)
    for party in (site.party, other):
        party.ask(1)
        party.do("confirm", 1)
    broken = update(Rsvp).where(Rsvp.event_id == site.party.event_id).values(person=None)
    run(site.host.app, lambda work: execute(work.session, broken))
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE w4r_rsvp SET person = 'not sealed' WHERE event_id = {int(site.party.event_id)}"
        )
    site.now = site.starts - timedelta(hours=20)
    assert site.run()["reminded"] == 1
    assert f"event {site.party.event_id} of AU: SealBroken" in caplog.text


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
