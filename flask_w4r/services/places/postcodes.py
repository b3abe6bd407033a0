"""Postcodes of the section's country, where the section loaded a file of them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Postcode
from .geo import distance_km
from .names import fold_postcode

#: A code's points this near to each other are one answer.
_ONE_KM = 40.0
_SHORTEST = 2
#: Countries of whose codes GeoNames has the first letters only, at least in its small file.
_PARTIAL = frozenset({"CA", "GB", "IE", "MT", "NL"})


@dataclass(frozen=True, slots=True)
class Point:
    """A postcode's middle. ``code`` is the one in the file, which may be only the beginning of the one asked for."""

    country: str
    code: str
    name: str
    lat: float
    lon: float


def looks_like(text: str) -> bool:
    """Whether a text may be a postcode alone: short, with a digit, and no word without one but short ones."""
    code = fold_postcode(text)
    has_long_word = any(len(word) > 4 and word.isalpha() for word in text.split())
    return 3 <= len(code) <= 10 and any(char.isdigit() for char in code) and not has_long_word


def loaded(session: Session, country: str) -> bool:
    """Whether there are postcodes of a country."""
    return session.execute(select(Postcode.code).where(Postcode.country == country).limit(1)).first() is not None


def find(session: Session, text: str, country: str) -> list[Point]:
    """Look up a postcode, alone or beside a town's name.

    Of a country in :data:`_PARTIAL` the longest beginning that is known answers where the whole code is not.

    :returns: usually one point; several where one code stands for places far apart; none when it is not known.
    """
    words = text.replace(",", " ").split()
    # A code may be written in two words: SW1A 1AA.
    pairs = [f"{one} {two}" for one, two in pairwise(words)]
    codes = [fold_postcode(item) for item in (text, *pairs, *words) if re.search(r"\d", item)]
    codes = [code for code in dict.fromkeys(codes) if len(code) >= _SHORTEST][:40]
    shortest = {code: _SHORTEST if country in _PARTIAL else len(code) for code in codes}
    starts = {code[:length] for code in codes for length in range(shortest[code], len(code) + 1)}
    rows = session.execute(
        select(Postcode).where(Postcode.country == country, Postcode.code.in_(sorted(starts)))
    ).scalars()
    known: dict[str, list[Postcode]] = defaultdict(list)
    for row in rows:
        known[row.code].append(row)
    for code in codes:
        for length in range(len(code), shortest[code] - 1, -1):
            if points := known.get(code[:length]):
                return _together(sorted(points, key=lambda row: row.place_name))
    return []


def _together(rows: list[Postcode]) -> list[Point]:
    """One point for the rows that lie together, named after the first of them."""
    groups: list[list[Postcode]] = []
    for row in rows:
        for group in groups:
            if distance_km(row.lat, row.lon, group[0].lat, group[0].lon) <= _ONE_KM:
                group.append(row)
                break
        else:
            groups.append([row])
    points = []
    for group in groups:
        # The row nearest to the others rather than a mean, which at the 180th meridian would lie in Africa.
        middle = min(group[:50], key=lambda row: sum(distance_km(row.lat, row.lon, o.lat, o.lon) for o in group[:50]))
        points.append(Point(middle.country, middle.code, middle.place_name, middle.lat, middle.lon))
    return points
