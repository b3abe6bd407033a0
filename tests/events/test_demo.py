"""``flask w4r demo``: made-up events, each marked, at the venues; run again, those that are over move ahead."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

from flask_w4r import W4R
from flask_w4r.models import Event
from flask_w4r.services.events import demo as demo_events
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign
from tests.conftest import Host, MakeHost


def seeded(make_host: MakeHost, now: datetime, **config: object) -> Host:
    host = make_host(w4r=W4R(mailer=RecordingMailer()), **config)
    make_campaign(host.app, ["ann-example", "bo-example", "cy-example"])
    state = get_state(host.app)
    for section in state.sections.values():
        run(host.app, lambda uow, section=section: demo_events.seed(uow.session, state.keyring, section, now=now))
    return host


def test_the_venues_are_in_australia_and_new_zealand() -> None:
    text = (resources.files("flask_w4r") / "places" / "demo_venues.toml").read_text("utf-8")
    venues = tomllib.loads(text)["venue"]
    assert len(venues) == len({venue["name"] for venue in venues}) == 32
    for venue in venues:
        assert venue["country"] in ("AU", "NZ")
        assert venue["time_zone"] in available_timezones()
        assert -47 < venue["lat"] < -10
        assert 113 < venue["lon"] < 179
        assert venue["time_zone"].startswith("Pacific/") == (venue["country"] == "NZ")


def test_every_event_says_that_it_is_not_real(make_host: MakeHost) -> None:
    host = seeded(make_host, datetime.now(UTC))
    client = host.app.test_client()
    slugs = [row[0] for row in host.rows("SELECT slug FROM w4r_event WHERE is_demo ORDER BY id")]
    assert len(slugs) == 34
    for slug in slugs:
        page = client.get(f"/au/events/{slug}")
        assert page.status_code == 200
        assert "Demo event: not real" in page.text, slug
        assert "fictional and for demonstration only" in page.text
        assert "Example" in page.text  # A case it writes for.
    assert len(client.get("/au/events.geojson").get_json()["features"]) >= 33
    assert host.run("w4r", "events", "recount").exit_code == 0


def test_run_again_it_moves_only_what_is_over(make_host: MakeHost) -> None:
    now = datetime.now(UTC)
    host = seeded(make_host, now)
    state = get_state(host.app)
    section = state.sections["AU"]
    before = dict(host.rows("SELECT slug, starts_at FROM w4r_event"))
    seed = lambda later: run(  # noqa: E731
        host.app, lambda uow: demo_events.seed(uow.session, state.keyring, section, now=later)
    )
    seed(now)
    assert dict(host.rows("SELECT slug, starts_at FROM w4r_event")) == before
    seed(now + timedelta(days=20))
    after = dict(host.rows("SELECT slug, starts_at FROM w4r_event"))
    assert 0 < sum(after[slug] != before[slug] for slug in after) < len(after) == len(before)

    def check(uow: object) -> None:
        for event in uow.session.query(Event):  # type: ignore[attr-defined]
            assert event.ends_at > now + timedelta(days=20)
            local = event.starts_at.astimezone(ZoneInfo(event.time_zone)).replace(tzinfo=None)
            assert local == event.starts_local

    run(host.app, check)


def test_elsewhere_there_is_one_online(make_host: MakeHost) -> None:
    host = seeded(make_host, datetime.now(UTC), sections=[{"preset": "MA", "url_prefix": "/ma"}])
    assert [tuple(row) for row in host.rows("SELECT slug, kind FROM w4r_event")] == [("demo-online", "online")]
