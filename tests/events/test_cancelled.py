"""An event that is called off stays where others keep it for 30 days, and says that it is off; then it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from flask_w4r.models import Event
from flask_w4r.services.events.search import CANCELLED_STAYS
from flask_w4r.services.hosting import lifecycle as events
from flask_w4r.services.storage.unit_of_work import run
from tests.conftest import MakeHost
from tests.events.test_feeds import NAMES, Site
from tests.events.test_geojson import forget


@pytest.fixture
def site(make_host: MakeHost) -> Site:
    return Site(make_host(sections=[{"preset": "AU", "url_prefix": "/au", "locales": ["en", "fr"]}], cache_seconds=0))


def cancel(site: Site, slug: str = "letters") -> None:
    def work(uow: Any) -> None:
        number = uow.session.query(Event).filter_by(slug=slug).one().id
        now, keyring = site.state.clock(), site.state.keyring
        assert events.cancel(uow.session, keyring, site.section, number, now=now).outcome == "cancelled"

    run(site.host.app, work)


def later(site: Site, by: timedelta) -> None:
    now = site.state.clock() + by
    object.__setattr__(site.state, "clock", lambda: now)
    forget(site.host)


def on_the_map(site: Site) -> dict[str, dict[str, Any]]:
    forget(site.host)
    return {one["id"]: one["properties"] for one in site.get("/au/events.geojson").get_json(force=True)["features"]}


def in_the_calendar(site: Site, query: str = "") -> dict[str, Any]:
    return {entry.url.value.rpartition("/")[2]: entry for entry in site.calendar(f"/au/events.ics{query}")}


def in_the_feed(site: Site, query: str = "") -> dict[str, dict[str, str]]:
    """``id title updated`` of the feed's entries, by slug."""
    return {
        entry.find("a:link", NAMES).get("href").rpartition("/")[2]: {
            name: entry.findtext(f"a:{name}", namespaces=NAMES) for name in ("id", "title", "updated")
        }
        for entry in site.entries(f"/au/events.atom{query}")
    }


def test_it_says_so_for_thirty_days_and_then_goes(site: Site) -> None:
    before, told = in_the_calendar(site)["letters"], in_the_feed(site)["letters"]
    assert (before.status.value, before.sequence.value) == ("CONFIRMED", "0")
    later(site, timedelta(hours=1))
    cancel(site)
    entry = in_the_calendar(site)["letters"]
    assert (entry.status.value, entry.sequence.value, entry.uid.value) == ("CANCELLED", "1", before.uid.value)
    assert entry.summary.value == "Cancelled: Letters in Newtown"
    assert entry.last_modified.value > before.last_modified.value
    again = in_the_feed(site)["letters"]
    assert (again["id"], again["title"]) == (told["id"], "Cancelled: Letters in Newtown")
    assert again["updated"] > told["updated"]
    found = on_the_map(site)
    assert found["letters"]["status"] == "cancelled"
    assert found["letters"]["availability"] == "full"
    assert "status" not in found["perth"]
    # The list and the campaign page are for those who look for one to go to.
    assert "Letters in Newtown" not in site.get("/au/events").text
    # Beyond its own day too: who asks seldom shall learn of it.
    later(site, CANCELLED_STAYS - timedelta(minutes=1))
    assert set(in_the_calendar(site)) == set(in_the_feed(site)) == set(on_the_map(site)) == {"letters"}
    later(site, timedelta(minutes=2))
    assert not in_the_calendar(site)
    assert not in_the_feed(site)
    assert not on_the_map(site)
    # Its own entry and page stay as long as the event does.
    assert site.calendar("/au/events/letters.ics")[0].status.value == "CANCELLED"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("near=-33.9,151.2", True), ("near=-31.9,115.9&km=25", False), ("kind=public", True), ("kind=private", False),
        ("case=ann-example", True), ("case=nobody", False), ("online=1", False), ("to=2020-01-01", False), ("page=7", True),
    ],
)  # fmt: skip
def test_it_stays_in_searches_that_had_it(site: Site, query: str, found: bool) -> None:
    assert ("letters" in in_the_calendar(site, f"?{query}")) is found
    cancel(site)
    assert ("letters" in in_the_calendar(site, f"?{query}")) is found
    assert ("letters" in in_the_feed(site, f"?{query}")) is found


def test_what_nobody_could_find_or_approved_is_told_to_nobody(site: Site) -> None:
    kept = {"title": "Old words", "description": "Old", "kind": "public", "visibility": "exact", "town": "Oldtown",
            "time_zone": "UTC", "country": "AU", "access_status": "unknown", "access_notes": "", "languages": [],
            **dict.fromkeys(("starts_local", "starts_at"), "2099-12-01T10:00:00+00:00"),
            **dict.fromkeys(("ends_local", "ends_at"), "2099-12-01T12:00:00+00:00")}  # fmt: skip
    kept = {name: value.removesuffix("+00:00") if name.endswith("_local") else value for name, value in kept.items()}
    off = {"state": "cancelled", "sequence": 1}
    site.add(slug="never-public", uid="e", published_at=None, **off)
    site.add(slug="for-friends", uid="f", visibility="unlisted", **off)
    site.add(slug="hidden", uid="g", approved={**kept, "hidden": True}, **off)
    site.add(slug="was-for-friends", uid="h", approved={**kept, "visibility": "unlisted"}, **off)
    site.add(slug="changed", uid="i", title="New words", approved=kept, **off)
    usual = {"letters", "perth", "home"}
    assert set(in_the_calendar(site)) == set(in_the_feed(site)) == set(on_the_map(site)) == {*usual, "changed"}
    texts = [site.get(f"/au/events.{kind}").get_data(as_text=True) for kind in ("ics", "atom", "geojson")]
    assert all("Old words" in text and "New words" not in text for text in texts)
    assert on_the_map(site)["changed"]["place"] == "Oldtown"
    # What was not approved decides nothing of what is found.
    assert "changed" not in in_the_calendar(site, "?near=-33.9,151.2")
