"""The map's data: whole where it can be, grouped where it must be, and as old as the last change at most."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from flask_w4r.models import Case, Event
from flask_w4r.services.events import (
    changes as event_changes,
)
from flask_w4r.services.events import (
    geojson as event_geojson,
)
from flask_w4r.services.events import (
    squares as event_squares,
)
from flask_w4r.services.events.grid import MAX_SQUARES, read_grid
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign, make_events
from tests.conftest import Host, every_database

URL = "/au/events.geojson"


def forget(host: Host) -> None:
    """As if the seconds had passed after which a process looks again."""
    maps = get_state(host.app).lazy.get("event_maps")
    if maps is not None:
        maps._looked = dict.fromkeys(maps._looked, 0.0)
    get_state(host.app).lazy.pop("pages", None)


def features(host: Host, query: str = "") -> list[dict[str, Any]]:
    answer = host.app.test_client().get(URL + query)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/geo+json"
    found = answer.get_json(force=True)
    assert found["type"] == "FeatureCollection"
    return list(found["features"])


def change(host: Host, statement: Any, *, tell: bool = True) -> None:
    state = get_state(host.app)

    def work(uow: UnitOfWork) -> None:
        uow.session.execute(statement)
        if tell:
            event_changes.touch(uow.session, next(iter(state.sections.values())), state.clock())

    run(host.app, work)


@every_database
def test_what_a_feature_says(host: Host) -> None:
    make_campaign(host.app, ("ann-example", "bo-example"))
    make_events(
        host.app, 1, title='Write "<b>" & ضوء', cases=["bo-example", "ann-example"], time_zone="Asia/Kathmandu",
        starts_at=datetime(2099, 12, 10, 12, 15, tzinfo=UTC), kind="hybrid", availability="few", town="O'Brien\\Town",
    )  # fmt: skip
    (feature,) = features(host)
    assert feature == {
        "type": "Feature",
        "id": "made-up-1",
        "geometry": {"type": "Point", "coordinates": [151.2093, -33.8688]},
        "properties": {
            "id": "made-up-1",
            "title": 'Write "<b>" & ضوء',
            "url": "/au/events/made-up-1",
            "starts_at": "2099-12-10T18:00:00+05:45",
            "kind": "hybrid",
            "online": True,
            "cases": ["ann-example", "bo-example"],
            "availability": "few",
            "place": "O'Brien\\Town",
        },
    }


def test_one_that_goes_on_for_days_says_until_when(host: Host) -> None:
    begins, two_days = datetime(2099, 12, 9, 2, tzinfo=UTC), timedelta(days=2)
    make_events(
        host.app, 2, time_zone="Australia/Sydney", starts_at=begins,
        ends_at=lambda number: begins + timedelta(hours=2) + (number - 1) * two_days,
    )  # fmt: skip
    short, long = (feature["properties"] for feature in features(host))
    assert "ends_on" not in short
    assert long["ends_on"] == "2099-12-11"
    listed = host.app.test_client().get("/au/events?from=2099-12-11").text
    assert long["url"] in listed and short["url"] not in listed


def test_clocks_behind_and_half_hours(host: Host) -> None:
    zones = ["America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
    make_events(
        host.app, 4, time_zone=lambda number: zones[number - 1], starts_at=datetime(2099, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    starts = [feature["properties"]["starts_at"] for feature in features(host)]
    assert [text[-6:] for text in starts] == ["-07:00", "+10:30", "+13:00", "+00:00"]
    assert {datetime.fromisoformat(text) for text in starts} == {datetime(2099, 7, 1, tzinfo=UTC)}


@every_database
def test_the_same_events_as_the_list(host: Host) -> None:
    make_events(host.app, 5)
    states = ["unconfirmed", "submitted", "rejected", "cancelled", "over"]
    make_events(host.app, 5, slug=lambda number: f"no-{number}", state=lambda number: states[number - 1])
    make_events(host.app, 1, slug="no-link", visibility="unlisted")
    make_events(host.app, 1, slug="no-ended", starts_at=datetime.now(UTC) - timedelta(days=2))
    make_events(host.app, 1, slug="online", kind="online", public_lat=None, public_lon=None)
    found = {feature["id"]: feature for feature in features(host)}
    assert found.pop("no-4")["properties"]["status"] == "cancelled"
    assert set(found) == {"online", *(f"made-up-{number}" for number in range(1, 6))}
    assert found["online"]["geometry"] is None


def test_it_is_kept_compressed_and_not_sent_twice(host: Host) -> None:
    make_events(host.app, 50)
    client = host.app.test_client()
    packed = client.get(URL, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert "public" in packed.headers["Cache-Control"]
    plain = client.get(URL, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    for answer in (packed, plain):
        headers = {"If-None-Match": answer.headers["ETag"]}
        headers["Accept-Encoding"] = answer.headers.get("Content-Encoding", "identity")
        again = client.get(URL, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == answer.headers["ETag"]


@every_database
def test_built_once_for_each_change(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    make_events(host.app, 3)
    built = []
    real = event_geojson.document
    monkeypatch.setattr(event_geojson, "document", lambda *args: built.append(1) or real(*args))
    for _ in range(3):
        forget(host)
        features(host)
    assert len(built) == 1
    change(host, update(Event).where(Event.slug == "made-up-2").values(state="over"))
    assert len(features(host)) == 3, "looked at before the time"
    forget(host)
    assert len(features(host)) == 2
    assert len(built) == 2
    # What nobody told of is not seen: the number says all.
    change(host, update(Event).where(Event.slug == "made-up-1").values(title="Other"), tell=False)
    forget(host)
    assert "Other" not in str(features(host))


def test_who_comes_while_another_looks_takes_what_there_is() -> None:
    """And where there is nothing yet, they wait for it."""
    maps, old = event_geojson.EventMaps(), event_geojson.Built((), b"old", "", datetime.now(UTC), 1)
    with ThreadPoolExecutor(1) as pool:
        with maps._lock:
            first = pool.submit(maps.get, "AU", lambda: None, lambda _: old)
            assert wait([first], 0.05).not_done
        assert first.result(30) is old
        maps._looked["AU"] = 0.0
        with maps._lock:
            assert pool.submit(maps.get, "AU", lambda: None, lambda _: None).result(30) is old


def test_two_workers_hear_of_each_others_changes(make_host: Any, database: str) -> None:
    keys: dict[str, Any] = {}
    first = make_host()
    for name in ("W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY"):
        keys[name] = first.app.config[name]
    second = make_host(**keys)
    make_events(first.app, 2)
    assert len(features(second)) == 2
    change(first, update(Event).where(Event.slug == "made-up-1").values(state="submitted"))
    forget(second)
    assert len(features(second)) == 1


def test_a_withdrawn_case_is_in_it_no_more(host: Host) -> None:
    make_campaign(host.app, ("ann-example", "bo-example"))
    make_events(host.app, 1, cases=["ann-example", "bo-example"])
    assert features(host)[0]["properties"]["cases"] == ["ann-example", "bo-example"]
    change(host, update(Case).where(Case.slug == "ann-example").values(status="withdrawn"), tell=False)
    forget(host)
    assert features(host)[0]["properties"]["cases"] == ["bo-example"]


def test_what_ended_goes_without_anybody_telling(make_host: Any) -> None:
    host = make_host()
    now = datetime.now(UTC)
    make_events(host.app, 2, ends_at=lambda number: now + timedelta(hours=number), starts_at=now)
    state = get_state(host.app)
    assert len(features(host)) == 2
    forget(host)
    object.__setattr__(state, "clock", lambda: now + timedelta(minutes=61))
    assert len(features(host)) == 1


def scattered(host: Host, count: int) -> None:
    make_events(
        host.app, count, public_lat=lambda number: -40 + number % 37 + number / 1000,
        public_lon=lambda number: (150 + number * 7 % 80 + 180) % 360 - 180 + number / 1000,
    )  # fmt: skip


@every_database
def test_many_are_grouped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    scattered(host, 150)
    make_events(host.app, 1, slug="online", kind="online")
    assert len(features(host)) == 151
    monkeypatch.setattr(event_geojson, "WHOLE", 100)
    change(host, update(Event).where(Event.slug == "made-up-1").values(title="One"))
    forget(host)
    found = features(host)
    assert any(feature["properties"].get("cluster") for feature in found)
    assert total(found) == 150


def total(found: list[dict[str, Any]]) -> int:
    return sum(feature["properties"].get("point_count", 1) for feature in found)


@every_database
def test_a_view_counts_what_is_in_it(host: Host) -> None:
    scattered(host, 150)
    assert total(features(host, "?bbox=-180,-90,180,90&zoom=2")) == 150
    # The same across the antimeridian, however it is asked for.
    first = features(host, "?bbox=170,-50,-170,10&zoom=3")
    assert first == features(host, "?bbox=170,-50,190,10&zoom=3")
    assert 0 < total(first) < 150
    halves = features(host, "?bbox=157.5,-50,180,10&zoom=3"), features(host, "?bbox=-180,-50,-157.5,10&zoom=3")
    assert total(features(host, "?bbox=157.5,-50,-157.5,10&zoom=3")) == sum(map(total, halves))


@every_database
def test_close_enough_each_is_shown(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    make_events(host.app, 30)
    view = "?bbox=151,-34,151.5,-33.5&zoom=12"
    assert {feature["id"] for feature in features(host, view)} == {f"made-up-{number}" for number in range(1, 31)}
    monkeypatch.setattr(event_squares, "SINGLE_MOST", 10)
    forget(host)
    (group,) = features(host, view)
    assert group["properties"] == {"cluster": True, "point_count": 30, "place": "Sydney"}
    assert group["geometry"]["coordinates"] == [151.2093, -33.8688]


def test_a_view_takes_the_filters(host: Host) -> None:
    make_campaign(host.app)
    make_events(host.app, 3, kind=lambda number: "hybrid" if number == 1 else "public", cases=["ann-example"])
    view = "?bbox=-180,-90,180,90&zoom=12"
    assert total(features(host, view)) == 3
    assert total(features(host, f"{view}&kind=public")) == 2
    assert total(features(host, f"{view}&online=true")) == 1
    assert total(features(host, f"{view}&case=ann-example")) == 3
    assert total(features(host, f"{view}&case=nobody")) == 0
    assert total(features(host, f"{view}&from=2300-01-01")) == 0
    change(host, update(Case).values(status="withdrawn"))
    forget(host)
    assert host.app.test_client().get(f"{URL}{view}&case=ann-example").status_code == 410


@pytest.mark.parametrize(
    "bbox", ["", "1,2,3", "a,b,c,d", "0,10,10,0", "0,-91,1,1", "nan,0,1,1", "inf,0,1,1", "0,0,1e9,1", "1" * 500, "%00"]
)
def test_what_is_no_view_is_refused(host: Host, bbox: str) -> None:
    answer = host.app.test_client().get(f"{URL}?bbox={bbox}")
    assert answer.status_code == 400
    assert "no-store" in answer.headers["Cache-Control"]


@given(
    st.floats(-200, 200), st.floats(-90, 90), st.floats(-200, 200), st.floats(-90, 90),
    st.one_of(st.integers(0, 99).map(str), st.text(max_size=5)),
)  # fmt: skip
def test_any_view_is_widened_to_whole_squares(west: float, south: float, east: float, north: float, zoom: str) -> None:
    south, north = min(south, north), max(south, north)
    grid = read_grid(f"{west!r},{south!r},{east!r},{north!r}", zoom)
    assert grid is not None
    width = sum(right - left for left, right in grid.box.lon_ranges)
    assert width / grid.cell * ((grid.box.north - grid.box.south) / grid.cell) <= MAX_SQUARES * 1.01
    assert grid.box.south - 1e-9 <= south <= north <= grid.box.north + 1e-9
    assert grid.box.south < grid.box.north or south > 89.99
    for lon in (west, east):
        wrapped = (lon + 180) % 360 - 180
        assert any(left - 1e-9 <= point <= right + 1e-9 for left, right in grid.box.lon_ranges
                   for point in {wrapped, wrapped + 360 if wrapped == -180 else wrapped})  # fmt: skip
