"""The map's data (RFC 7946): all events that everybody may find, or, where they are many, groups of them.

Up to :data:`WHOLE` events are one document, built once for each change in each process and kept compressed. Those that
were called off not long ago are in it, marked: others keep what they had from it. Beyond that
the document holds groups of the whole world, and each view of the map is asked for by itself, grouped in SQL on a grid.

The text is written by hand, line by line: with the standard library's encoder that takes a fifth of the time that
dictionaries would.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring as _quote
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import quote as _url_quote

from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...models import Case, Event, EventCase
from ..campaign.views import Lens
from ..storage.prepared import is_known
from ..storage.unit_of_work import Send, straight
from . import changes, squares
from .grid import Grid
from .search import CANCELLED_STAYS, EventQuery, called_off, filters, listed
from .squares import CASES, COLUMNS, Shown
from .views import as_known

MIME = "application/geo+json"
#: So many events are sent whole.
WHOLE = 10_000
#: The zoom at which the world is grouped.
WORLD_ZOOM = 3
#: A change shows within so many seconds, and an event that ended goes within so many more.
LOOK_SECONDS = 2.0
ENDED_SECONDS = 60

_HEAD = '{"type":"FeatureCollection","features":['


@dataclass(frozen=True)
class Built:
    """A document, compressed. ``key``: what it was made from; ``until``: when an event in it may be over."""

    key: tuple[Any, ...]
    body: bytes
    etag: str
    until: datetime
    count: int


class EventMaps:
    """The documents of one process, by section, language and root."""

    def __init__(self) -> None:
        self._built: dict[Any, Built] = {}
        self._looked: dict[Any, float] = {}
        self._lock = Lock()

    def get(self, name: Any, lens: Callable[[], Lens], read: Callable[[Callable[[Session], Built]], Built]) -> Built:
        """The document as it is now, or was at most :data:`LOOK_SECONDS` ago.

        :param name: tells documents apart.
        :param lens: gives the page's lens, where one is needed.
        :param read: runs a function with a session that reads.
        """
        found = self._built.get(name)
        if found is not None and self._looked[name] > monotonic():
            return found
        # While one looks, or builds, the others go on with what there is.
        if not self._lock.acquire(blocking=found is None):
            assert found is not None
            return found
        try:
            found = self._built.get(name)
            if found is None or self._looked[name] <= monotonic():
                started = monotonic()
                old = found
                found = read(lambda session: renew(session, lens(), old))
                self._built[name] = found
                self._looked[name] = started + LOOK_SECONDS
            return found
        finally:
            self._lock.release()


def renew(session: Session, lens: Lens, old: Built | None) -> Built:
    """Return ``old`` if it still holds, else a new document."""
    gone = session.scalars(
        select(Case.id).where(Case.section == lens.section.code, Case.status == "withdrawn").order_by(Case.id)
    )
    key = (changes.version(session, lens.section), *gone)
    if old is not None and old.key == key and old.until > lens.now:
        return old
    text, count, first_end = document(session, lens)
    latest = lens.now + timedelta(seconds=ENDED_SECONDS)
    data = text.encode("utf-8", "replace")
    # The same bytes for the same events, so no time stands in the head.
    body = gzip.compress(data, 6, mtime=0)
    return Built(key, body, hashlib.sha256(body).hexdigest()[:32], max(first_end or latest, latest), count)


def document(session: Session, lens: Lens) -> tuple[str, int, datetime | None]:
    """Write the document without a view: every event, or groups of the whole world.

    :returns: the text, how many features it has, and when the first event in it ends.
    """
    wanted = listed(lens.section.code, lens.now)
    rows = session.execute(select(*COLUMNS).where(*wanted).order_by(Event.starts_at, Event.id).limit(WHOLE + 1)).all()
    if len(rows) > WHOLE:
        text, count = view(session, lens, Grid.world(WORLD_ZOOM), EventQuery())
        return text, count, None
    lines = _features(rows, _cases(session, lens, wanted), lens, _feature)
    ends = [min(row[11] for row in rows).replace(tzinfo=lens.now.tzinfo)] if rows else []
    if off := called_off(session, lens):
        of_off = CASES.where(EventCase.event_id.in_([row.id for row in off]))
        cases = _joined(session.execute(of_off, {"code": lens.section.code}))
        lines += _features([_row_off(row) for row in off], cases, lens, _feature_off)
        ends.append(min(row.updated_at for row in off) + CANCELLED_STAYS)
    return f"{_HEAD}{','.join(lines)}]}}", len(lines), min(ends, default=None)


def view(session: Session, lens: Lens, grid: Grid, query: EventQuery) -> tuple[str, int]:
    """Write one view of the map: a group for each square of the grid with several events, and single events.

    :param query: the filters of the list; its place is not looked at.
    :returns: the text, and how many features it has.
    :raises CaseWithdrawn: events of a withdrawn case are asked for.
    """
    try:
        asked = filters(session, lens, query)
    except NotFound:
        return f"{_HEAD}]}}", 0
    return _written(squares.look(squares.ask_connection(session.connection(), asked), lens, grid), lens)


def view_alone(engine: Engine, lens: Lens, grid: Grid, query: EventQuery) -> tuple[str, int]:
    """:func:`view`, where nothing else is read with it. Without filters it is quicker.

    :param engine: the one for reading.
    """
    if query.is_filtered or not is_known(engine.dialect):
        with Session(engine) as session:
            return view(session, lens, grid, query)

    def looked(send: Send) -> Shown:
        return squares.look(squares.ask_driver(send, engine.dialect), lens, grid)

    return _written(straight(engine, looked), lens)


def _written(shown: Shown, lens: Lens) -> tuple[str, int]:
    lines = _features(shown.rows, _joined(shown.cases), lens, _feature_again) if shown.rows else []
    lines += [
        f'{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{group.lon:.5f},{group.lat:.5f}]}},'
        f'"properties":{{"cluster":true,"point_count":{group.many},"place":{_quote(group.town)}}}}}'
        for group in shown.groups
    ]
    return f"{_HEAD}{','.join(lines)}]}}", len(lines)


def _cases(session: Session, lens: Lens, wanted: Iterable[ColumnElement[bool]]) -> dict[int, str]:
    asked = CASES.join(Event, Event.id == EventCase.event_id).where(*wanted)
    return _joined(session.execute(asked, {"code": lens.section.code}))


def _joined(rows: Iterable[Any]) -> dict[int, str]:
    """The slugs of each event's cases, as JSON's inside of a list."""
    words: dict[str, str] = {}
    found: dict[int, str] = {}
    for number, slug in rows:
        word = words.get(slug) or words.setdefault(slug, _quote(slug))
        found[number] = f"{found[number]},{word}" if number in found else word
    return found


def _features(
    rows: Iterable[Any], cases: Mapping[int, str], lens: Lens, write: Callable[[Any, str, str, str], str]
) -> list[str]:
    # One address is made and filled in for all: making each takes longer than everything else here.
    before, _, after = lens.link("event", slug="SLUG").rpartition("SLUG")
    before, after = _quote(before)[:-1], _quote(after)[1:]
    return [write(row[:_WRITTEN], cases.get(row[0], ""), before, after) for row in rows]


#: So many columns are written; what comes after is for us.
_WRITTEN = 11


def _feature(row: Any, cases: str, before: str, after: str) -> str:
    """Write one event: its columns, its cases, and its address around the slug."""
    _, slug, title, local, moment, kind, availability, town, lat, lon, ends = row
    # Most stand where their town does.
    point = "null" if kind == "online" else _point(lat, lon)
    name = _quote(slug)
    # The list finds one that goes on for days on each of them.
    until = f'"ends_on":"{ends.date().isoformat()}",' if ends.date() != local.date() else ""
    link = slug if slug.isascii() and slug.replace("-", "").isalnum() else _url_quote(slug)
    return (
        f'{{"type":"Feature","id":{name},"geometry":{point},"properties":{{"id":{name},"title":{_quote(title)},'
        f'"url":{before}{link}{after},"starts_at":"{local.isoformat()}{utc_offset(local - moment)}",{until}'
        f'"kind":"{kind}","online":{"true" if kind in _ONLINE else "false"},"cases":[{cases}],'
        f'"availability":"{availability}","place":{_quote(town)}}}}}'
    )


def _row_off(event: Event) -> tuple[Any, ...]:
    """The columns of an event that was called off, as the public may know them."""
    known = as_known(event)
    local, ends = (datetime.fromisoformat(known[name]) for name in ("starts_local", "ends_local"))
    moment = datetime.fromisoformat(known["starts_at"]).replace(tzinfo=None)
    # Which place was approved is not kept.
    lat, lon = (event.public_lat, event.public_lon) if event.approved is None else (None, None)
    return event.id, event.slug, known["title"], local, moment, known["kind"], "full", known["town"], lat, lon, ends


def _feature_off(row: Any, cases: str, before: str, after: str) -> str:
    """Write an event that was called off: it has no seats, and says so by one property more."""
    return _feature(row, cases, before, after)[:-2] + ',"status":"cancelled"}}'


#: The same, for views: whoever moves the map sees most of the events again.
_feature_again = lru_cache(maxsize=2048)(_feature)


@lru_cache(maxsize=4096)
def _point(lat: float | None, lon: float | None) -> str:
    if lat is None or lon is None:
        return "null"
    return f'{{"type":"Point","coordinates":[{lon:.5f},{lat:.5f}]}}'


_ONLINE = frozenset({"online", "hybrid"})


@lru_cache(maxsize=256)
def utc_offset(ahead: timedelta) -> str:
    """How far a local clock is ahead of UTC, as ISO 8601 writes it."""
    minutes = round(ahead.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
