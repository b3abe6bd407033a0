"""Finding a town or a postcode, without asking anybody outside.

An answer is a ranked list of places; :attr:`Places.certain` is the one meant, where that is clear, and
:attr:`Places.reason` says why there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from ...i18n import country_name, gettext
from ...models import Place, PlaceName
from . import geo, postcodes
from .names import fold, other_article
from .regions import lands, qualifies, readable, regions

Reason = Literal["no_text", "no_place", "no_places_loaded", "no_postcodes_loaded"]
GEONAMES_URL = "https://www.geonames.org/"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
MAX_HITS = 50
#: Above every letter, so that "x" up to "x" and this is what begins with x.
_LAST = "\U0010ffff"
#: A name is clear when the town is so many times larger than the next of that name.
_MUCH_LARGER = 10
#: The nearest town is looked for within these, in kilometres; farther out at sea there is none.
_NEAR_KM = (20.0, 80.0, 320.0, 1300.0)
#: Two towns of one name are told apart by a large town not farther than this.
_TOLD_BY_KM = 80.0


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place that was found: a town, or a postcode's middle.

    ``id`` is the town's (of a postcode: of the nearest town; ``None`` where that is far), so ``lat`` and ``lon`` of a
    postcode are not the town's. ``region`` is a code or name that readers know, or empty. ``near`` names a larger town close
    by, where the hits could not be told apart otherwise. ``distance_km`` is from the point asked for.
    """

    id: int | None
    name: str
    region: str
    country: str
    lat: float
    lon: float
    time_zone: str
    near: str = ""
    postcode: str = ""
    distance_km: float | None = None

    def label(self, country: str) -> str:
        """The place in words, in the current language: ``Springfield, IL``, with its country where that is not
        ``country``."""
        parts = [f"{self.postcode} {self.name}".strip(), self.region]
        if self.country != country:
            parts.append(country_name(self.country))
        text = ", ".join(part for part in parts if part)
        return gettext("%(place)s (near %(town)s)", place=text, town=self.near) if self.near else text


@dataclass(frozen=True, slots=True)
class Places:
    """What a search found, best first."""

    hits: Sequence[PlaceHit] = ()
    certain: PlaceHit | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    hit: PlaceHit
    size: int
    exact: bool


def search(session: Session, text: str, *, country: str, locale: str, limit: int = 10) -> Places:
    """Find what somebody typed: a town's name or its beginning, with its region or country behind it if wanted, or a
    postcode of the section's country.

    Exact names come before beginnings, towns of ``country`` before others, large before small.

    :param text: as typed.
    :param country: the section's country.
    :param locale: the reader's; towns are named in it where the gazetteer knows how.
    :param limit: how many hits at most.
    """
    limit = max(1, min(limit, MAX_HITS))
    text = text[:200]
    if not fold(text):
        return Places(reason="no_text")
    if any(char.isdigit() for char in text) and (points := postcodes.find(session, text, country)):
        hits = [_of_postcode(session, point) for point in points[:limit]]
        return Places(hits, hits[0] if len(hits) == 1 else None)
    found, qualified = _named(session, text, country, locale, limit)
    if not found:
        return Places(reason=_why(session, text, country))
    hits = _told_apart(session, [item.hit for item in found], locale)
    position = _clear(found, country, qualified)
    return Places(hits, None if position is None else hits[position])


def get(session: Session, place_id: int, locale: str) -> PlaceHit | None:
    """The town with that id, or ``None``."""
    row = session.execute(select(*_COLUMNS).where(Place.id == place_id)).first()
    return _named_in(session, [_hit(row)], locale)[0] if row else None


def nearest(session: Session, lat: float, lon: float, *, locale: str = "en") -> PlaceHit | None:
    """The town nearest to a point, which also tells the point's time zone; ``None`` far out at sea.

    Near a border, or hundreds of kilometres away (see ``distance_km``), the zone is a guess: let the host change it.

    :raises ValueError: when that is no place on earth.
    """
    for km in _NEAR_KM:
        rows = session.execute(select(*_COLUMNS).where(geo.box(lat, lon, km).condition(Place.lat, Place.lon))).all()
        if rows:
            away, row = min(
                ((geo.distance_km(lat, lon, row.lat, row.lon), row) for row in rows), key=lambda pair: pair[0]
            )
            # A town in the box's corner may be farther than one outside it.
            if away <= km:
                return replace(_named_in(session, [_hit(row)], locale)[0], distance_km=away)
    return None


def credit() -> str:
    """Whom the places are from, in the current language. The licence wants it shown, linked to :data:`GEONAMES_URL` and
    :data:`LICENCE_URL`."""
    return gettext("Places: GeoNames, licence CC BY 4.0")


_COLUMNS: tuple[Any, ...] = (
    Place.id, Place.name, Place.region, Place.country, Place.lat, Place.lon, Place.time_zone, Place.population
)  # fmt: skip


def _hit(row: Any) -> PlaceHit:
    region = readable(row.country, row.region)
    return PlaceHit(row.id, row.name, region, row.country, row.lat, row.lon, row.time_zone)


def _named(session: Session, text: str, country: str, locale: str, limit: int) -> tuple[list[_Found], bool]:
    """The towns of that name, and whether what stood behind the name chose among them."""

    def look(name: str, *qualifiers: str) -> list[_Found]:
        for spelling in (name, other_article(name)) if name else ():
            if spelling and (found := _by_prefix(session, spelling, country, locale, limit, qualifiers)):
                return found
        return []

    if meant := _countries_called(fold(text), country, locale):
        for land in meant:
            if found := [item for item in look(fold(text), land) if item.exact]:
                return found, False
        return [], False
    # "Springfield, IL"; "12 High Street, Springfield, IL, USA".
    parts = [part for part in map(fold, text.split(",")) if not part.replace(" ", "").isdigit()][:4]
    parts = [part for part in parts if part]
    for position, part in enumerate(parts[:-1]):
        if found := look(part, *parts[position + 1 :]):
            return found, True
    if found := look(fold(text)) or (look(parts[0]) or look(parts[-1]) if len(parts) > 1 else []):
        return found, False
    # "springfield il", "sydney new south wales".
    words = fold(text).split()
    for count in range(1, min(4, len(words))):
        if found := look(" ".join(words[:-count]), " ".join(words[-count:])):
            return found, True
    # "75011 Paris" where no postcodes are loaded.
    without = re.sub(r"\S*\d\S*", " ", text)
    return _named(session, without, country, locale, limit) if without != text and fold(without) else ([], False)


def _countries_called(name: str, country: str, locale: str) -> list[str]:
    """The codes of the countries to look in where a text is the name of a country, or of a division of ``country``: its
    own, and ``country``. So "Portugal" is not Portugalete, and "Ontario" not the one in California, where it is meant as
    Canada's."""
    # Short ones are codes, and towns begin like them.
    found = frozenset() if len(name) < 3 and name.isascii() else lands(name, locale)
    if not found and len(name) > 3 and any(land == country for land, _ in regions(name)):
        found = frozenset({country})
    return [land.lower() for land in (*sorted(found - {country}), country)] if found else []


def _by_prefix(
    session: Session, folded: str, country: str, locale: str, limit: int, qualifiers: Sequence[str] = ()
) -> list[_Found]:
    # One letter begins too many names, but there are towns called Y and Å.
    begins = PlaceName.folded == folded
    if len(folded) > 1:
        begins = (PlaceName.folded >= folded) & (PlaceName.folded < folded + _LAST)
    good = PlaceName.locale.in_(["", *_locales(locale)])
    exact = PlaceName.folded == folded
    closeness = func.max(case((exact & good, 3), (exact, 2), (good, 1), else_=0)).label("closeness")
    names = select(PlaceName.place_id, closeness).where(begins).group_by(PlaceName.place_id).subquery()
    # A name that nobody says the language of counts for less: many are spellings that nobody here uses.
    size = Place.population * case((names.c.closeness.in_([1, 3]), _MUCH_LARGER), else_=1)
    statement = select(*_COLUMNS, names.c.closeness, size.label("size")).join(names, names.c.place_id == Place.id)
    for qualifier in qualifiers:
        wanted = qualifies(qualifier, locale)
        if wanted is None:
            return []
        statement = statement.where(wanted)
    order = (names.c.closeness < 2, Place.country != country, size.desc(), Place.id)
    rows = session.execute(statement.order_by(*order).limit(limit)).all()
    hits = _named_in(session, [_hit(row) for row in rows], locale)
    return [_Found(hit, row.size, row.closeness >= 2) for hit, row in zip(hits, rows, strict=True)]


def _locales(locale: str) -> list[str]:
    return list(dict.fromkeys((locale, locale.split("-")[0])))


def _named_in(session: Session, hits: list[PlaceHit], locale: str) -> list[PlaceHit]:
    """The hits with the names that the reader's language has for them."""
    statement = select(PlaceName.place_id, PlaceName.name).where(
        PlaceName.place_id.in_([hit.id for hit in hits]), PlaceName.locale.in_(_locales(locale))
    )
    names: dict[int | None, str] = {row.place_id: row.name for row in session.execute(statement)} if hits else {}
    return [replace(hit, name=names.get(hit.id, hit.name)) for hit in hits]


def _told_apart(session: Session, hits: list[PlaceHit], locale: str) -> list[PlaceHit]:
    """The hits, those that look the same with a large town near them."""
    looks = [(hit.name, hit.region, hit.country) for hit in hits]
    found = []
    for hit, look in zip(hits, looks, strict=True):
        if looks.count(look) > 1:
            around = geo.box(hit.lat, hit.lon, _TOLD_BY_KM).condition(Place.lat, Place.lon)
            row = session.execute(
                select(*_COLUMNS)
                .where(around, Place.country == hit.country, Place.name != hit.name)
                .order_by(Place.population.desc(), Place.id)
                .limit(1)
            ).first()
            if row is not None:
                hit = replace(hit, near=_named_in(session, [_hit(row)], locale)[0].name)
        found.append(hit)
    return found


def _clear(found: list[_Found], country: str, qualified: bool) -> int | None:
    """Which hit is meant, where that is clear: the only one, or one that no other of its name comes near."""
    exact = [item for item in found if item.exact] or found
    own = [item for item in exact if item.hit.country == country] or exact
    first = own[0]
    if not first.exact and (len(found) > 1 or qualified):
        return None
    if any(other.size * _MUCH_LARGER > first.size for other in own[1:]):
        return None
    return found.index(first)


def _of_postcode(session: Session, point: postcodes.Point) -> PlaceHit:
    town = nearest(session, point.lat, point.lon)
    return PlaceHit(
        town.id if town else None,
        point.name,
        town.region if town and town.country == point.country else "",
        point.country,
        point.lat,
        point.lon,
        town.time_zone if town else "",
        postcode=point.code,
    )


def _why(session: Session, text: str, country: str) -> Reason:
    if postcodes.looks_like(text):
        return "no_place" if postcodes.loaded(session, country) else "no_postcodes_loaded"
    return "no_place" if session.execute(select(Place.id).limit(1)).first() else "no_places_loaded"
