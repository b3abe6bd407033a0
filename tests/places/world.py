"""Towns and postcode files for tests."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from flask_w4r.models import Place, PlaceName, Postcode
from flask_w4r.services.places import load as place_load
from flask_w4r.services.places.files import Town, read_postcodes, read_towns

TABLES = [model.__table__ for model in (Place, PlaceName, Postcode)]
SYDNEY, CASABLANCA, LONDON, ALGIERS = 2147714, 2553604, 2643743, 2507480
#: Enough of the world for tests to be quick.
COUNTRIES = {"AU", "NZ", "MA", "DZ", "FJ", "WS", "GB", "NP"}


@cache
def all_towns() -> tuple[Town, ...]:
    return tuple(read_towns())


def some_towns() -> list[Town]:
    return [
        town
        for town in all_towns()
        if town.country in COUNTRIES
        or (town.country in ("US", "CA") and town.name in ("Springfield", "Sydney", "Sidney", "Paris"))
        or (town.country == "FR" and town.population > 100_000)
    ]


def store(session: Session, towns: list[Town]) -> int:
    return sum(place_load.store_towns(session, piece) for piece in place_load.pieces(towns, 700))


def line(country: str, code: str, name: str, lat: float | str, lon: float | str) -> str:
    return f"{country}\t{code}\t{name}\tState\tST\t\t\t\t\t{lat}\t{lon}\t4"


AU_LINES = [
    line("AU", "2000", "Sydney", -33.8688, 151.2093),
    line("AU", "2000", "Barangaroo", -33.8606, 151.2005),
    line("AU", "2000", "Sydney", -33.8688, 151.2093),
    line("AU", "0872", "Yulara", -25.24, 130.99),
    line("AU", "0872", "Kaltukatjara", -24.87, 129.08),
    line("AU", "3000", "Melbourne", -37.814, 144.9633),
    line("AU", "4405", "ſaint", -27.2, 151.3),
    line("AU", "4405", "Saint", -27.2, 151.3),
    line("AU", "4405", "SAINT ", -27.2, 151.3),
]


def write_zip(path: Path, lines: list[str], name: str = "AU.txt", **options: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "GeoNames")
        archive.writestr(name, "".join(f"{item}\n" for item in lines))
    return path


def load_postcodes(session: Session, path: Path) -> None:
    points = list(read_postcodes(path))
    place_load.clear_postcodes(session, {point.country for point in points})
    for piece in place_load.pieces(points, 4):
        place_load.store_postcodes(session, piece)
