"""Distances and boxes: plain arithmetic, where the earth is not."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Float, Integer, MetaData, Table, create_engine, insert, select

from flask_w4r.services.places import geo
from tests.conftest import every_database

TAVEUNI, SUVA = (-16.85, -179.97), (-18.1416, 178.4419)
APIA, CHATHAM, WELLINGTON = (-13.8333, -171.7667), (-43.9535, -176.5597), (-41.2866, 174.7756)

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)
distances = st.one_of(st.floats(0, 300), st.floats(0, 20_100))


def walk(lat: float, lon: float, km: float, bearing: float) -> tuple[float, float]:
    """Where one arrives."""
    angle, start = km / geo.EARTH_KM, radians(lat)
    end = asin(max(-1.0, min(1.0, sin(start) * cos(angle) + cos(start) * sin(angle) * cos(bearing))))
    turn = atan2(sin(bearing) * sin(angle) * cos(start), cos(angle) - sin(start) * sin(end))
    return degrees(end), geo.wrap_lon(lon + degrees(turn))


@given(lats, lons, distances, st.floats(0, 2 * pi), st.floats(0, 1))
def test_a_box_holds_every_point_that_near(lat: float, lon: float, km: float, bearing: float, part: float) -> None:
    there = walk(lat, lon, km * part, bearing)
    if geo.distance_km(lat, lon, *there) <= km:
        assert geo.box(lat, lon, km).holds(*there)


@given(lats, lons, distances, lats, lons)
def test_what_is_outside_a_box_is_farther(
    lat: float, lon: float, km: float, other_lat: float, other_lon: float
) -> None:
    assert geo.box(lat, lon, km).holds(other_lat, other_lon) or geo.distance_km(lat, lon, other_lat, other_lon) > km


@given(lats, lons, distances)
def test_a_box_is_one_or_two_ranges_on_earth(lat: float, lon: float, km: float) -> None:
    box = geo.box(lat, lon, km)
    assert -90 <= box.south <= box.north <= 90
    assert len(box.lon_ranges) in (1, 2)
    assert all(-180 <= west <= east <= 180 for west, east in box.lon_ranges)
    assert box.holds(lat, lon)


@given(st.floats(-84, 84), lons, st.floats(0, 500))
def test_a_box_is_not_wasteful(lat: float, lon: float, km: float) -> None:
    box = geo.box(lat, lon, km)
    high = (box.north - box.south) * 111.2
    wide = sum(east - west for west, east in box.lon_ranges) * 111.2 * cos(radians(lat))
    assert high <= 2 * km * 1.001 + 0.01
    # Towards a pole the meridians draw together within the box.
    assert wide <= 2 * km * 2 + 0.01


@given(lats, lons, lats, lons)
def test_distance_is_one_both_ways(lat: float, lon: float, other_lat: float, other_lon: float) -> None:
    there = geo.distance_km(lat, lon, other_lat, other_lon)
    assert there == pytest.approx(geo.distance_km(other_lat, other_lon, lat, lon), abs=1e-6)
    assert 0 <= there <= pi * geo.EARTH_KM + 1e-6


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (TAVEUNI, SUVA, 221),
        (APIA, SUVA, 1145),
        (CHATHAM, WELLINGTON, 773),
        ((51.5085, -0.1257), (48.8534, 2.3488), 344),
        ((90.0, 0.0), (-90.0, 77.0), 20015),
        ((10.0, 180.0), (10.0, -180.0), 0),
    ],
)
def test_known_distances(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert geo.distance_km(*one, *other) == pytest.approx(km, rel=0.01, abs=0.5)


def test_across_the_180th_meridian() -> None:
    around = geo.box(*TAVEUNI, 300)
    assert len(around.lon_ranges) == 2
    assert (
        around.holds(*SUVA) and around.holds(-16.9, 179.9) and around.holds(-16.8, 180.0) and around.holds(-17, -180.0)
    )
    assert not around.holds(*APIA) and not around.holds(-17, 0)
    assert geo.box(*CHATHAM, 900).holds(*WELLINGTON) and geo.box(*WELLINGTON, 900).holds(*CHATHAM)
    assert geo.box(*APIA, 1200).holds(*SUVA) and not geo.box(*APIA, 300).holds(*SUVA)
    # However the longitude is counted.
    assert geo.box(-16.85, 180.03, 300).holds(*SUVA)


def test_poles_hold_every_meridian() -> None:
    for lat in (90.0, 89.9, -90.0):
        box = geo.box(lat, 12, 50)
        assert box.lon_ranges == ((-180.0, 180.0),) and box.holds(lat, -170) and not box.holds(0, 12)


@pytest.mark.parametrize(
    "values", [(91, 0, 1), (0, 0, -1), (float("nan"), 0, 1), (0, float("inf"), 1), (0, 0, float("nan"))]
)
def test_no_place_on_earth(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="needs a latitude"):
        geo.box(*values)


@every_database
def test_the_database_sees_the_same_box(database: str) -> None:
    points = [
        TAVEUNI,
        SUVA,
        APIA,
        CHATHAM,
        WELLINGTON,
        (0.0, 180.0),
        (0.0, -180.0),
        (0.0, 0.0),
        (89.0, 12.5),
        (-90.0, 0.0),
    ]
    table = Table("w4r_scratch_point", MetaData(), Column("id", Integer, primary_key=True, autoincrement=False), Column("lat", Float(53)), Column("lon", Float(53)))  # fmt: skip
    engine = create_engine(database)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"id": i, "lat": lat, "lon": lon} for i, (lat, lon) in enumerate(points)])
        for middle in points:
            for km in (0, 5, 300, 1200, 9000, 20_000):
                box = geo.box(*middle, km)
                found = set(connection.scalars(select(table.c.id).where(box.condition(table.c.lat, table.c.lon))))
                assert found == {i for i, point in enumerate(points) if box.holds(*point)}
    engine.dispose()


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("-33.9,151.2", (-33.9, 151.2)),
        (" 0, -180 ", (0.0, -180.0)),
        ("91,0", None),
        ("1,181", None),
        ("nan,1", None),
        ("1e1,1", None),
        ("٣,٤", (3.0, 4.0)),
        ("−٣٣٫٨،١٥١٫٢", (-33.8, 151.2)),
        ("Sydney, 2000", None),
        ("", None),
        ("1," * 10_000, None),
    ],
)
def test_points_as_people_and_browsers_write_them(text: str, point: tuple[float, float] | None) -> None:
    assert geo.read_point(text) == point
