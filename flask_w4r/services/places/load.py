"""Storing places: in pieces, so that nobody who signs meanwhile waits long for the database.

Loading the gazetteer again writes only what differs. A country's postcodes are replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ...models import Place, PlaceName, Postcode
from .files import PostcodePoint, Town, folded_names

T = TypeVar("T")
#: So many towns, and so many postcodes, make a piece: a fraction of a second of work.
TOWNS_A_PIECE, POSTCODES_A_PIECE = 1000, 5000
_FIELDS = ("name", "country", "region", "lat", "lon", "population", "time_zone")
_places, _names, _postcodes = (cast(Table, model.__table__) for model in (Place, PlaceName, Postcode))


def pieces(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut anything into lists of ``size``."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece


def store_towns(session: Session, towns: Sequence[Town]) -> int:
    """Bring these towns and their names up to date.

    :returns: how many towns were new or differed.
    """
    ids = [town.id for town in towns]
    rows = session.execute(select(*(_places.c[name] for name in ("id", *_FIELDS))).where(_places.c.id.in_(ids)))
    have = {row[0]: tuple(row[1:]) for row in rows}
    want = {town.id: tuple(getattr(town, name) for name in _FIELDS) for town in towns}
    added = [_row(number, values) for number, values in want.items() if number not in have]
    changed = [_row(number, values, "at_") for number, values in want.items() if have.get(number, values) != values]
    if added:
        session.execute(insert(_places), added)
    if changed:
        session.execute(update(_places).where(_places.c.id == bindparam("at_id")).values(
            {name: bindparam(f"at_{name}") for name in _FIELDS}), changed)  # fmt: skip
    touched = {row["id"] for row in added} | {row["at_id"] for row in changed}
    return len(touched | _store_names(session, towns, any_there=bool(have)))


def _row(number: int, values: tuple[Any, ...], prefix: str = "") -> dict[str, Any]:
    return {f"{prefix}id": number, **{f"{prefix}{name}": value for name, value in zip(_FIELDS, values, strict=True)}}


def _store_names(session: Session, towns: Sequence[Town], *, any_there: bool) -> set[int]:
    """Bring the names of these towns up to date; returns the towns whose names differed."""
    key = (_names.c.folded, _names.c.place_id, _names.c.locale)
    have: set[tuple[str, int, str, str]] = set()
    if any_there:
        found = session.execute(select(*key, _names.c.name).where(_names.c.place_id.in_([town.id for town in towns])))
        have = {tuple(row) for row in found}
    want = {(folded, town.id, locale, name) for town in towns for (folded, locale), name in folded_names(town).items()}
    gone, new = sorted(have - want), sorted(want - have)
    if gone:
        at = {"at_folded": 0, "at_place_id": 1, "at_locale": 2}
        session.execute(
            delete(_names).where(*(column == bindparam(f"at_{column.name}") for column in key)),
            [{name: row[position] for name, position in at.items()} for row in gone],
        )
    if new:
        rows = [dict(zip(("folded", "place_id", "locale", "name"), row, strict=True)) for row in new]
        session.execute(insert(_names), rows)
    return {row[1] for row in (*gone, *new)}


def remove_towns(session: Session, keep: set[int]) -> int:
    """Remove the towns that are not in ``keep``: those an older gazetteer had.

    :returns: how many.
    """
    gone = sorted(set(session.scalars(select(_places.c.id))) - keep)
    for piece in pieces(gone, TOWNS_A_PIECE):
        # The names first: SQLite only minds foreign keys where a host turned that on.
        session.execute(delete(_names).where(_names.c.place_id.in_(piece)))
        session.execute(delete(_places).where(_places.c.id.in_(piece)))
    return len(gone)


def clear_postcodes(session: Session, countries: Iterable[str]) -> None:
    """Forget the postcodes of these countries."""
    session.execute(delete(_postcodes).where(_postcodes.c.country.in_(sorted(countries))))


def store_postcodes(session: Session, points: Sequence[PostcodePoint]) -> None:
    """Add these postcodes. Of two lines for one place the first stands."""
    rows = [
        {
            "country": point.country,
            "code": point.code,
            "place_name": point.place_name,
            "lat": point.lat,
            "lon": point.lon,
        }
        for point in points
    ]
    dialect = session.get_bind().dialect.name
    statement: Any
    if dialect in ("mysql", "mariadb"):
        statement = mysql.insert(_postcodes).on_duplicate_key_update(country=_postcodes.c.country)
    elif dialect == "postgresql":
        statement = postgresql.insert(_postcodes).on_conflict_do_nothing()
    else:
        statement = sqlite.insert(_postcodes).on_conflict_do_nothing()
    if rows:
        session.execute(statement, rows)
