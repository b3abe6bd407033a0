"""The campaign page leads to writing events: the next three, a search, and the way to host one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask_w4r.testing import make_campaign, make_events
from tests.conftest import Host, MakeHost

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


def test_the_next_three(host: Host) -> None:
    make_campaign(host.app)
    make_events(host.app, 4, title=lambda n: f"Meeting {n}", starts_at=lambda n: SOON + timedelta(days=n))
    make_events(host.app, 1, title="Whispered", slug="whispered", visibility="unlisted", starts_at=SOON)
    shown = host.app.test_client().get("/au/").text
    assert [f"Meeting {number}" in shown for number in range(1, 5)] == [True, True, True, False]
    assert "Whispered" not in shown
    assert 'action="/au/events"' in shown
    assert 'href="/au/events/new"' in shown


def test_none_yet(host: Host) -> None:
    make_campaign(host.app)
    assert "No events have been announced yet." in host.app.test_client().get("/au/").text
    assert "/au/events?case=ann-example" in host.app.test_client().get("/au/cases/ann-example").text


def test_a_site_without_events(make_host: MakeHost) -> None:
    site = make_host(features=["petitions", "impact", "moderation", "tally"])
    make_campaign(site.app)
    client = site.app.test_client()
    for path in ("/au/", "/au/cases/ann-example", "/au/cases/ann-example/thanks", "/au/impact"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "/events" not in answer.text
    assert client.get("/au/events").status_code == 404
