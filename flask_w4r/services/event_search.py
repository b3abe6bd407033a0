"""Finding events: near a place, between two days, of a kind, for a case.

Only what everybody may know decides what is found and in which order: the state, the times, and the public point, which
is the town's unless the host made the venue public. So no search can come closer to a private home than its town.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.orm import Session

from ..errors import NotFound
from ..i18n import gettext
from ..keyring import Keyring
from ..models import Case, Event, EventCase
from ..topics import EVENT_KINDS
from . import geo, places
from .catalogue import insist_on_case
from .event_cases import cases_of
from .event_views import EventView, event_view, has_page
from .views import Lens

#: Events on one page of the list.
PAGE = 20
#: Nobody turns so many pages; who does is not a reader.
MAX_PAGE = 1000
#: Counting ends here: "more than 1,000".
MAX_COUNT = 1000
DISTANCES = (10, 25, 50, 100, 250)
USUAL_KM = 50
MAX_KM = 1000
#: States in which an event has a page.
SHOWN = ("published", "cancelled", "over")


@dataclass(frozen=True)
class EventQuery:
    """What is looked for. ``faults`` names what was asked but cannot be read; it is then left out of the search."""

    near: str = ""
    km: int = USUAL_KM
    since: date | None = None
    until: date | None = None
    kind: str = ""
    online: bool = False
    case: str = ""
    page: int = 1
    faults: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.near or self.since or self.until or self.kind or self.online or self.case)

    def args(self, **changes: Any) -> dict[str, Any]:
        """The query as URL arguments, without what is usual.

        :param changes: other values of this class, such as ``page=2``.
        """
        query = replace(self, **changes)
        found = {
            "near": query.near,
            "km": query.km if query.near and query.km != USUAL_KM else "",
            "from": query.since.isoformat() if query.since else "",
            "to": query.until.isoformat() if query.until else "",
            "kind": query.kind,
            "online": "1" if query.online else "",
            "case": query.case,
            "page": query.page if query.page > 1 else "",
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Centre:
    """The middle of a search, and what it is called."""

    lat: float
    lon: float
    label: str


@dataclass(frozen=True)
class Found:
    """One page of what was found. ``choices``: towns of that name, where it is not clear which was meant; ``reason``: why
    no place was found (see :mod:`.places`), and the list is then that of everywhere."""

    query: EventQuery
    events: Sequence[EventView] = ()
    count: int = 0
    #: There are more than ``count``.
    counted_all: bool = True
    has_next: bool = False
    centre: Centre | None = None
    choices: Sequence[places.PlaceHit] = ()
    reason: str | None = None


def read_query(args: Mapping[str, str]) -> EventQuery:
    """Read a search from URL arguments, whatever they hold.

    :param args: ``near km from to kind online case page``, all optional.
    """
    faults = []

    def whole(name: str, usual: int, most: int) -> int:
        text = args.get(name, "").strip()
        if not text:
            return usual
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            faults.append(name)
            return usual
        return max(1, min(int(text), most))

    def day(name: str) -> date | None:
        text = args.get(name, "").strip()
        try:
            found = date.fromisoformat(text) if text else None
        except ValueError:
            found = None
        # A day before or after has to be a day too.
        if text and (found is None or not 1900 <= found.year <= 9000):
            faults.append(name)
            return None
        return found

    kind = args.get("kind", "").strip()
    if kind and kind not in EVENT_KINDS:
        faults.append("kind")
        kind = ""
    since, until = day("from"), day("to")
    if since and until and since > until:
        since, until = until, since
    return EventQuery(
        near=" ".join(args.get("near", "")[:200].replace("\0", "").split()),
        km=whole("km", USUAL_KM, MAX_KM),
        since=since,
        until=until,
        kind=kind,
        online=args.get("online", "") in ("1", "y", "yes", "on", "true"),
        case=args.get("case", "")[:100].replace("\0", "").strip(),
        page=whole("page", 1, MAX_PAGE),
        faults=tuple(faults),
    )


def listed(code: Any, now: Any) -> list[ColumnElement[bool]]:
    """What makes an event one that everybody may find: published, not over, not for those alone who have its link.

    :param code: the section's code, or a parameter that stands for it; so with ``now``.
    """
    return [
        Event.section == code,
        Event.state == "published",
        Event.visibility != "unlisted",
        Event.ends_at > now,
    ]


def search(session: Session, lens: Lens, keyring: Keyring, query: EventQuery, *, limit: int = PAGE) -> Found:
    """Find events. Near a place the nearest come first, else the next.

    :param limit: how many make a page.
    :raises CaseWithdrawn: events of a withdrawn case are asked for.
    """
    try:
        wanted = [*listed(lens.section.code, lens.now), *filters(session, lens, query)]
    except NotFound:
        return Found(query)
    centre, choices, reason = _centre(session, lens, query)
    if choices:
        return Found(query, choices=choices)
    if centre is None:
        return replace(_by_time(session, lens, keyring, query, wanted, limit), reason=reason)
    return _by_distance(session, lens, keyring, query, wanted, limit, centre)


def find_event(session: Session, lens: Lens, keyring: Keyring, slug: str) -> EventView:
    """The event of that name, if it has a page: approved once, and public, cancelled or over since; unlisted ones too.

    :raises NotFound: there is none.
    """
    row = session.scalars(
        select(Event).where(Event.section == lens.section.code, Event.slug == slug, Event.state.in_(SHOWN))
    ).first()
    if row is None or not has_page(row):
        raise NotFound(slug)
    return event_view(row, cases_of(session, lens, [row.id]).get(row.id, []), lens, keyring)


def filters(session: Session, lens: Lens, query: EventQuery) -> list[ColumnElement[bool]]:
    """What a query asks for besides the place.

    :raises NotFound: there is no such case.
    :raises CaseWithdrawn: the case was withdrawn.
    """
    found: list[ColumnElement[bool]] = []
    # On the event's own clock: an evening is on the day that its guests call it.
    if query.since:
        found.append(Event.ends_local >= datetime.combine(query.since, time()))
    if query.until:
        found.append(Event.starts_local < datetime.combine(query.until + timedelta(days=1), time()))
    if query.kind:
        found.append(Event.kind == query.kind)
    if query.online:
        found.append(Event.kind.in_(("online", "hybrid")))
    if query.case:
        insist_on_case(session, lens.section, query.case)
        of_case = (
            select(literal(1))
            .select_from(EventCase)
            .join(Case, Case.id == EventCase.case_id)
            .where(EventCase.event_id == Event.id, Case.section == lens.section.code, Case.slug == query.case)
        )
        found.append(exists(of_case.correlate(Event)))
    return found


def _centre(
    session: Session, lens: Lens, query: EventQuery
) -> tuple[Centre | None, Sequence[places.PlaceHit], str | None]:
    """Where to search around; or the towns it may be; or why there is none."""
    if not query.near:
        return None, (), None
    country = lens.section.country
    if point := geo.read_point(query.near):
        town = places.nearest(session, *point, locale=lens.locale)
        label = town.label(country) if town else gettext("the place you chose")
        return Centre(*point, label), (), None
    found = places.search(session, query.near, country=country, locale=lens.locale)
    if found.certain:
        hit = found.certain
        return Centre(hit.lat, hit.lon, hit.label(country)), (), None
    return None, found.hits, found.reason


def _by_time(
    session: Session, lens: Lens, keyring: Keyring, query: EventQuery, wanted: list[ColumnElement[bool]], limit: int
) -> Found:
    ids = session.scalars(
        select(Event.id)
        .where(*wanted)
        .order_by(Event.starts_at, Event.id)
        .offset((query.page - 1) * limit)
        .limit(limit + 1)
    ).all()
    counted = select(literal(1)).select_from(Event).where(*wanted).limit(MAX_COUNT + 1).subquery()
    count = session.scalar(select(func.count()).select_from(counted)) or 0
    return Found(
        query,
        _views(session, lens, keyring, [(number, None) for number in ids[:limit]]),
        count=min(count, MAX_COUNT),
        counted_all=count <= MAX_COUNT,
        has_next=len(ids) > limit and query.page < MAX_PAGE,
    )


def _by_distance(
    session: Session,
    lens: Lens,
    keyring: Keyring,
    query: EventQuery,
    wanted: list[ColumnElement[bool]],
    limit: int,
    centre: Centre,
) -> Found:
    around = geo.box(centre.lat, centre.lon, query.km).condition(Event.public_lat, Event.public_lon)
    rows = session.execute(
        select(Event.id, Event.public_lat, Event.public_lon, Event.starts_at).where(
            *wanted, Event.kind != "online", around
        )
    )
    near = []
    row: Any
    for row in rows:
        number, lat, lon, starts_at = row
        away = geo.distance_km(centre.lat, centre.lon, lat, lon)
        if away <= query.km:
            near.append((away, starts_at, number))
    near.sort()
    first = (query.page - 1) * limit
    return Found(
        query,
        _views(session, lens, keyring, [(number, away) for away, _, number in near[first : first + limit]]),
        count=len(near),
        has_next=len(near) > first + limit and query.page < MAX_PAGE,
        centre=centre,
    )


def _views(
    session: Session, lens: Lens, keyring: Keyring, found: Sequence[tuple[int, float | None]]
) -> list[EventView]:
    ids = [number for number, _ in found]
    if not ids:
        return []
    rows = {row.id: row for row in session.scalars(select(Event).where(Event.id.in_(ids)))}
    cases = cases_of(session, lens, ids)
    return [
        event_view(rows[number], cases.get(number, []), lens, keyring, distance_km=away)
        for number, away in found
        if number in rows
    ]
