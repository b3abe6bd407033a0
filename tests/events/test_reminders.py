"""Guests are reminded a day and two hours before: once each, whoever was late or away, of the time as it is now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_w4r.models import Rsvp
from flask_w4r.services.hosting import jobs as event_jobs
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.rsvps.seats import lock_event
from flask_w4r.services.storage.rows import execute
from flask_w4r.services.storage.unit_of_work import run
from tests.conftest import every_database
from tests.events.rounds import Site
from tests.events.rounds import site as site
from tests.rsvps.guests import Party


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
