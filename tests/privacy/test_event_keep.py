"""How long guests and hosts are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_w4r.services.privacy.retention import purge
from flask_w4r.testing import submit
from tests.conftest import MakeHost, every_database
from tests.events.walks import Site

DAYS = 30


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host())


def ended(site: Site, days: float) -> None:
    moment = (site.state.clock() - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE w4r_event SET starts_at = '{moment}', ends_at = '{moment}'")


def kept(site: Site) -> list[bool]:
    """Of the guest: the person, the index; of the event: what is sealed, the host's index."""
    found = site.host.rows(
        "SELECT r.person IS NOT NULL, r.email_index IS NOT NULL, e.secret IS NOT NULL, e.host_index IS NOT NULL"
        " FROM w4r_rsvp r JOIN w4r_event e ON e.id = r.event_id"
    )
    return [bool(value) for value in found[0]]


@every_database
def test_guests_and_hosts_go_a_month_after_the_event(site: Site) -> None:
    site.hosted()
    site.guest(party_size=3, email="gus@example.org")
    link = site.host.mailer.links("/host/")[0].removeprefix("http://localhost")
    ended(site, DAYS - 1)
    assert purge(site.host.app)["events"] == 0
    assert kept(site) == [True] * 4
    ended(site, DAYS + 1)
    assert purge(site.host.app)["events"] == 1
    assert kept(site) == [False] * 4
    assert purge(site.host.app)["events"] == 0, "once is enough"
    assert site.host.rows("SELECT party_size FROM w4r_rsvp") == [(3,)]
    reader = site.host.app.test_client()
    assert reader.get(f"/au/events/{site.event().slug}").status_code == 200
    assert reader.get(link).status_code == 410
    assert reader.get(f"/au/events/{site.event().slug}.ics").status_code == 200


def test_the_host_stays_while_a_report_waits(site: Site) -> None:
    site.hosted()
    site.guest()
    ended(site, 1)
    case = site.cases["AU/ann-example"]
    page = site.client.get("/au/host/report")
    answer = submit(site.client, page, "csrf_token", people="12", **{f"count-{case}-letter": "120"})
    assert "done=reported" in answer.location
    ended(site, DAYS + 1)
    assert purge(site.host.app)["events"] == 1
    assert kept(site) == [False, False, True, True]
    assert purge(site.host.app)["events"] == 0
    with site.host.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_report SET state = 'approved'")
    assert purge(site.host.app)["events"] == 1
    assert kept(site) == [False] * 4


def test_a_section_may_keep_them_shorter(make_host: MakeHost) -> None:
    site = Site(make_host(retention={"event_days": 2}))
    site.hosted()
    site.guest()
    ended(site, 3)
    assert purge(site.host.app)["events"] == 1
    assert kept(site) == [False] * 4
