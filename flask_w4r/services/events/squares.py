"""What one view of the map shows: single events, and how many are in each square of a grid, asked of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Float,
    Integer,
    any_,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY

from ...models import Case, Event, EventCase
from ..campaign.views import Lens
from ..places.geo import Box
from ..storage.prepared import Prepared, prepare
from ..storage.unit_of_work import Send
from .grid import Grid
from .search import listed

#: From this zoom on a view that holds few events shows each of them.
SINGLE_ZOOM = 10
SINGLE_MOST = 1_000

#: Raw times, since the document is written from them and converting 10,000 takes as long as the rest.
COLUMNS: tuple[Any, ...] = (
    Event.id,
    Event.slug,
    Event.title,
    Event.starts_local,
    type_coerce(Event.starts_at, DateTime()).label("starts_at"),
    Event.kind,
    Event.availability,
    Event.town,
    Event.public_lat,
    Event.public_lon,
    Event.ends_local,
    type_coerce(Event.ends_at, DateTime()).label("ends_at"),
)
_TOWN = 7
#: The rows of a statement: its name (``singles squares named cases``), the view's ranges of longitude, its parameters.
Ask = Callable[[str, int, Mapping[str, Any]], Sequence[Any]]


class Group(NamedTuple):
    """Several events: their middle, and the town of one of them."""

    many: int
    lat: float
    lon: float
    town: str


class Shown(NamedTuple):
    """A view: rows of :data:`COLUMNS`, the slugs of their cases by event (see ``event_id, slug``), and groups."""

    rows: Sequence[Any]
    cases: Sequence[Any]
    groups: Sequence[Group]


def look(ask: Ask, lens: Lens, grid: Grid) -> Shown:
    """Ask for one view.

    :param ask: :func:`ask_connection` or :func:`ask_driver` of what is asked.
    """
    code, ranges = lens.section.code, len(grid.box.lon_ranges)
    values = {"code": code, "now": lens.now, "cell": grid.cell, "most": SINGLE_MOST + 1, **_sides(grid)}

    def cases(ids: list[int]) -> Sequence[Any]:
        return ask("cases", 1, {"ids": ids, "code": code}) if ids else ()

    if grid.zoom >= SINGLE_ZOOM:
        few = ask("singles", ranges, values)
        if len(few) <= SINGLE_MOST:
            return Shown(few, cases([row[0] for row in few]), ())
    squares = ask("squares", ranges, values)
    ones = [one for _, _, _, one in squares]
    named = {row[0]: row for row in ask("named", 1, {"ids": ones})} if ones else {}
    alone = [one for many, _, _, one in squares if many == 1]
    groups = [
        Group(many, lat, lon, named[one][_TOWN] if one in named else "") for many, lat, lon, one in squares if many > 1
    ]
    return Shown([named[one] for one in alone if one in named], cases(alone), groups)


def ask_connection(connection: Connection, filters: Iterable[ColumnElement[bool]]) -> Ask:
    """Ask on any database, and for those events only that pass the filters."""
    kept = tuple(filters)

    def ask(name: str, ranges: int, values: Mapping[str, Any]) -> Sequence[Any]:
        statement = _statement(name, ranges, connection.dialect.name)
        if kept and name in ("singles", "squares"):
            statement = statement.where(*kept)
        return connection.execute(statement, dict(values)).all()

    return ask


def ask_driver(send: Send, dialect: Dialect) -> Ask:
    """Ask PostgreSQL's driver for everything in view: see :mod:`.prepared`."""

    def ask(name: str, ranges: int, values: Mapping[str, Any]) -> Sequence[Any]:
        statement = _prepared(name, ranges, dialect)
        found: Sequence[Any] = send(statement.sql, statement.fill(values)).fetchall()
        return found

    return ask


def _sides(grid: Grid) -> dict[str, float]:
    found = {"south": grid.box.south, "north": grid.box.north}
    for number, (west, east) in enumerate(grid.box.lon_ranges):
        found[f"west{number}"], found[f"east{number}"] = west, east
    return found


@lru_cache(maxsize=32)
def _prepared(name: str, ranges: int, dialect: Dialect) -> Prepared:
    return prepare(_statement(name, ranges, dialect.name), dialect)


@lru_cache(maxsize=32)
def _statement(name: str, ranges: int, dialect: str) -> Any:
    # Made once and only filled in: making one takes longer than asking for a town's events.
    if name == "singles":
        most = bindparam("most", type_=Integer())
        return select(*COLUMNS).where(*_in_view(ranges)).order_by(Event.starts_at, Event.id).limit(most)
    if name == "squares":
        return _squares(ranges, dialect)
    if name == "named":
        return select(*COLUMNS).where(_one_of(Event.id, dialect))
    return CASES.where(_one_of(EventCase.event_id, dialect))


def _one_of(column: Any, dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        found: ColumnElement[bool] = column == any_(bindparam("ids", type_=ARRAY(BigInteger)))
        return found
    inside: ColumnElement[bool] = column.in_(bindparam("ids", expanding=True))
    return inside


def _in_view(ranges: int) -> list[ColumnElement[bool]]:
    sides: Any = tuple((bindparam(f"west{number}"), bindparam(f"east{number}")) for number in range(ranges))
    south: Any = bindparam("south")
    north: Any = bindparam("north")
    around = Box(south, north, sides)
    return [
        *listed(bindparam("code"), bindparam("now")),
        Event.kind != "online",
        around.condition(Event.public_lat, Event.public_lon),
    ]


def _squares(ranges: int, dialect: str) -> Any:
    """The statement that counts events by the squares of a grid: how many, their middle, and one of them."""

    def square(position: Any) -> Any:
        # Nothing is below zero here. SQLite may have no floor(), and cuts where the others round.
        whole = position / bindparam("cell", type_=Float(53))
        return cast(whole, Integer) if dialect == "sqlite" else func.floor(whole)

    return (
        select(func.count(), func.avg(Event.public_lat), func.avg(Event.public_lon), func.min(Event.id))
        .where(*_in_view(ranges))
        .group_by(square(Event.public_lat + 90), square(Event.public_lon + 180))
        .order_by(func.min(Event.id))
    )


#: Of which cases the events are that a condition is added for.
CASES = (
    select(EventCase.event_id, Case.slug)
    .join(Case, Case.id == EventCase.case_id)
    .where(Case.section == bindparam("code"), Case.status != "withdrawn")
    .order_by(Case.position, Case.id)
)
