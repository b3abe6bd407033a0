"""What people type, and the nearest town."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from flask_w4r.services.places import geo
from flask_w4r.services.places import search as places
from flask_w4r.services.places.files import Town
from tests.conftest import every_database

from .world import (
    ALGIERS,
    AU_LINES,
    CASABLANCA,
    LONDON,
    SYDNEY,
    load_postcodes,
    some_towns,
    store,
    write_zip,
)


def town(name: str, country: str) -> Town:
    """A town of our own."""
    return Town(crc32(f"{name} {country}".encode()) + 10**8, name, country, "", 1.0, 1.0, 20_000, "UTC", (("", name),))


@every_database
def test_searching_on_every_database(session: Session, tmp_path: Path) -> None:
    store(session, some_towns())
    load_postcodes(session, write_zip(tmp_path / "AU.zip", AU_LINES))
    session.commit()

    def ids(text: str, country: str, locale: str = "en") -> list[int | None]:
        return [hit.id for hit in places.search(session, text, country=country, locale=locale).hits]

    assert ids("sydney", "AU")[0] == SYDNEY
    assert ids("SYD", "AU")[0] == SYDNEY
    assert ids("الدار البيضاء", "MA", "ar")[0] == CASABLANCA
    assert ids("londres", "FR", "fr")[0] == LONDON
    assert ids("springfield, il", "US")[0] is not None
    assert ids("%", "AU") == ids("_", "AU") == []
    assert places.search(session, "2000", country="AU", locale="en").certain is not None
    near = places.nearest(session, -16.85, -179.97)
    assert near is not None and near.country == "FJ" and near.time_zone == "Pacific/Fiji"


def test_exact_before_beginning_and_own_country_first(world: Session) -> None:
    found = places.search(world, "Sydney", country="AU", locale="en")
    assert found.certain is not None and found.certain.id == SYDNEY and found.reason is None
    countries = [hit.country for hit in found.hits]
    assert countries[:2] == ["AU", "CA"]
    assert places.search(world, "Sydney", country="CA", locale="en").hits[0].country == "CA"
    beginning = places.search(world, "well", country="NZ", locale="en")
    assert beginning.hits[0].name == "Wellington" and beginning.certain is None
    assert all(hit.country == "NZ" for hit in beginning.hits[: [h.country for h in beginning.hits].count("NZ")])


def test_an_ambiguous_name_gives_a_list_that_can_be_told_apart(world: Session) -> None:
    found = places.search(world, "Springfield", country="US", locale="en", limit=50)
    assert found.certain is None and len(found.hits) > 5
    labels = [hit.label("US") for hit in found.hits]
    assert "Springfield, IL" in labels and "Springfield, MO" in labels
    newport = places.search(world, "Newport", country="GB", locale="en", limit=4)
    labels = [hit.label("GB") for hit in newport.hits]
    assert len(set(labels)) == len(labels) and any("near" in label for label in labels) and "Newport, Wales" in labels


@pytest.mark.parametrize(
    "typed",
    ["Springfield, IL", "springfield il", "Springfield Illinois", "Springfield, Illinois, USA",
     "742 Evergreen Terrace, Springfield, IL"],
)  # fmt: skip
def test_the_region_chooses(world: Session, typed: str) -> None:
    found = places.search(world, typed, country="US", locale="en")
    assert found.certain is not None and found.certain.label("US") == "Springfield, IL"


def test_the_country_chooses_in_either_language(world: Session) -> None:
    for typed, locale in (
        ("Paris, France", "en"),
        ("Paris, Frankreich", "de"),
        ("paris fr", "en"),
        ("Paris, فرنسا", "ar"),
    ):
        found = places.search(world, typed, country="US", locale=locale)
        assert found.certain is not None and found.certain.time_zone == "Europe/Paris", typed
    # A street before a town says nothing of a region.
    assert places.search(world, "12 High Street, Leeds", country="GB", locale="en").hits[0].name == "Leeds"


@pytest.mark.parametrize(
    ("typed", "country", "locale"),
    [("France", "AU", "en"), ("Algérie", "AU", "fr"), ("Nepal", "AU", "en"), ("USA", "AU", "en"),
     ("Ontario", "CA", "en"), ("Western Australia", "AU", "en"), ("مصر", "MA", "ar")],
)  # fmt: skip
def test_a_country_is_no_town_that_begins_like_it(world: Session, typed: str, country: str, locale: str) -> None:
    """Who types their country means no village abroad: "Portugal" is not Portugalete, nor "France" Franceville."""
    store(world, [town("Franceville", "GA"), town("Usakos", "NA"), town("Nepalganj Sud", "FR"), town("Ontario", "US"),
                  town("Western Australia Sud", "FR"), town("Algerienne", "FR"), town("مصراته", "LY")])  # fmt: skip
    found = places.search(world, typed, country=country, locale=locale)
    world.rollback()
    assert (list(found.hits), found.reason) == ([], "no_place")


def test_a_town_called_like_a_country_is_found(world: Session) -> None:
    store(world, [town("Jordan", "US"), town("Singapore", "SG"), town("Jordan", "FR")])
    own = places.search(world, "Jordan", country="US", locale="en").certain
    its = places.search(world, "Singapore", country="AU", locale="en").certain
    told = places.search(world, "Jordan, France", country="AU", locale="en").certain
    world.rollback()
    assert own is not None and own.country == "US"
    assert its is not None and its.country == "SG"
    assert told is not None and told.country == "FR"


@pytest.mark.parametrize(
    ("typed", "certain"),
    [("الدار البيضاء", CASABLANCA), ("دار البيضاء", CASABLANCA), ("جزائر", ALGIERS), ("الجزائر", ALGIERS),
     ("دار البيضاء، مغرب", CASABLANCA), ("دار البيضاء، المغرب", CASABLANCA)],
)  # fmt: skip
def test_with_and_without_the_arabic_article(world: Session, typed: str, certain: int) -> None:
    hits = places.search(world, typed, country="MA", locale="ar").hits
    assert hits and hits[0].id == certain


def test_towns_are_named_in_the_readers_language(world: Session) -> None:
    def name(text: str, locale: str) -> str:
        return places.search(world, text, country="DZ", locale=locale).hits[0].name

    assert name("algiers", "en") == "Algiers"
    assert name("algiers", "fr") == name("alger", "fr-CA") == "Alger"
    assert name("alger", "ar") == "الجزائر"
    assert name("الجزائر", "de") == "Algier"
    hit = places.get(world, ALGIERS, "fr")
    assert hit is not None and hit.name == "Alger"
    assert places.get(world, 1, "fr") is None


def test_nothing_found_says_why(world: Session, session: Session) -> None:
    def why(among: Session, text: str) -> str | None:
        found = places.search(among, text, country="AU", locale="en")
        assert not found.hits and found.certain is None
        return found.reason

    assert why(world, "Xyzzyville") == "no_place"
    assert why(world, "2000") == why(world, "SW1A 1AA") == "no_postcodes_loaded"
    assert why(world, "") == why(world, " ?! ") == why(world, "\0") == "no_text"
    assert why(session, "Sydney") == "no_places_loaded"


@given(st.text(max_size=250))
def test_any_text_gives_an_answer(world: Session, text: str) -> None:
    found = places.search(world, text, country="AU", locale="fr", limit=3)
    assert len(found.hits) <= 3 and (found.hits or found.reason)
    assert found.certain is None or found.certain in found.hits


@pytest.mark.parametrize(
    "typed", ["x" * 100_000, "a," * 5000, "1 " * 50_000, "\u0301" * 5000, "'; DROP TABLE w4r_place; --"]
)
def test_hostile_texts(world: Session, typed: str) -> None:
    places.search(world, typed, country="AU", locale="en")
    assert places.get(world, SYDNEY, "en") is not None


@given(st.sampled_from(some_towns()))
def test_every_town_is_found_by_its_name(world: Session, town: Town) -> None:
    found = places.search(world, town.name, country=town.country, locale="en", limit=50)
    same = [hit for hit in found.hits if hit.id == town.id]
    assert same or len(found.hits) == 50


@pytest.mark.parametrize(
    ("point", "zone"),
    [
        ((-16.85, -179.97), "Pacific/Fiji"),
        ((-16.85, 179.99), "Pacific/Fiji"),
        ((-13.8, -171.8), "Pacific/Apia"),
        ((-43.95, -176.55), "Pacific/Chatham"),
        ((27.7, 85.3), "Asia/Kathmandu"),
        ((-33.9, 151.2), "Australia/Sydney"),
    ],
)
def test_the_time_zone_of_a_point(world: Session, point: tuple[float, float], zone: str) -> None:
    hit = places.nearest(world, *point)
    assert hit is not None and hit.time_zone == zone and hit.distance_km is not None


def test_far_from_everywhere(world: Session) -> None:
    assert places.nearest(world, 90, 0) is None
    assert places.nearest(world, -48.9, -123.4) is None
    with pytest.raises(ValueError, match="a box needs"):
        places.nearest(world, float("nan"), 0)


@given(st.floats(-48, -8), st.floats(-180, 180))
def test_no_town_is_nearer_than_the_nearest(world: Session, lat: float, lon: float) -> None:
    hit = places.nearest(world, lat, lon)
    least = min(geo.distance_km(lat, lon, town.lat, town.lon) for town in some_towns())
    if hit is None:
        assert least > 1300
    else:
        assert hit.distance_km == pytest.approx(least, abs=1e-6)
