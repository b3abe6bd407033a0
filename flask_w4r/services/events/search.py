"""Finding events: near a place, between two days, of a kind, for a case.

Only what everybody may know decides what is found and in which order: the state, the times, and the public point, which
is the town's unless the host made the venue public. So no search can come closer to a private home than its town.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, literal, select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...i18n import gettext
from ...keyring import Keyring
from ...models import Case, Event, EventCase
from ..campaign.catalogue import insist_on_case
from ..campaign.views import Lens
from ..places import geo
from ..places import search as places
from .cases import cases_of
from .query import MAX_KM, MAX_PAGE
from .query import EventQuery as EventQuery
from .query import read_query as read_query
from .views import EventView, as_known, event_view, has_page

#: Events on one page of the list.
PAGE = 20
#: Counting ends here: "more than 1,000".
MAX_COUNT = 1000
#: So long an event that was called off stays in calendars, feeds and the map's data, so that who keeps it there learns
#: of it.
CANCELLED_STAYS = timedelta(days=30)
#: So many of them at most.
MOST_CANCELLED = 200
#: States in which an event has a page.
SHOWN = ("published", "cancelled", "over")


@dataclass(frozen=True)
class Centre:
    """The middle of a search, and what it is called. ``typed``: what leads back here, for the form's field."""

    lat: float
    lon: float
    label: str
    typed: str


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


def cancelled(session: Session, lens: Lens, keyring: Keyring, query: EventQuery) -> list[EventView]:
    """Events that everybody could find until they were called off, at most :data:`CANCELLED_STAYS` ago, by their beginning.

    :param query: as for :func:`search`; its page is not looked at.
    :raises CaseWithdrawn: events of a withdrawn case are asked for.
    """
    try:
        wanted = filters(session, lens, query)
    except NotFound:
        return []
    centre, choices, _ = _centre(session, lens, query)
    if choices:
        return []
    if centre is not None:
        around = geo.box(centre.lat, centre.lon, query.km).condition(Event.public_lat, Event.public_lon)
        wanted += [Event.kind != "online", around]
    if query.is_filtered:
        # What nobody approved decides nothing of what is found.
        wanted.append(Event.approved.is_(None))
    rows = called_off(session, lens, wanted)
    cases = cases_of(session, lens, [row.id for row in rows])
    views = [event_view(row, cases.get(row.id, []), lens, keyring) for row in rows]
    return [view for view in views if _is_near(view, centre, query.km)]


def called_off(session: Session, lens: Lens, wanted: Sequence[ColumnElement[bool]] = ()) -> list[Event]:
    """The rows of :func:`cancelled`.

    :param wanted: what is asked for besides.
    """
    rows = session.scalars(
        select(Event)
        .where(
            Event.section == lens.section.code,
            Event.state == "cancelled",
            Event.visibility != "unlisted",
            Event.published_at.is_not(None),
            Event.updated_at > lens.now - CANCELLED_STAYS,
            *wanted,
        )
        .order_by(Event.starts_at, Event.id)
        .limit(MOST_CANCELLED)
    )
    return [row for row in rows if has_page(row) and as_known(row)["visibility"] != "unlisted"]


def _is_near(view: EventView, centre: Centre | None, km: float) -> bool:
    if centre is None:
        return True
    if view.lat is None or view.lon is None:
        return False
    return geo.distance_km(centre.lat, centre.lon, view.lat, view.lon) <= km


def search(session: Session, lens: Lens, keyring: Keyring, query: EventQuery, *, limit: int = PAGE) -> Found:
    """Find events. Near a place the nearest come first, else the next.

    :param limit: how many make a page.
    :raises CaseWithdrawn: events of a withdrawn case are asked for.
    :raises BadValue: there is no such page, or no such distance.
    """
    insist(1 <= query.page <= MAX_PAGE, "page", f"be from 1 to {MAX_PAGE}")
    insist(0 <= query.km <= MAX_KM, "km", f"be from 0 to {MAX_KM}")
    insist(limit >= 1, "limit", "be at least 1")
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
        if town is None:
            return Centre(*point, gettext("the place you chose"), query.near), (), None
        label = town.label(country)
        # Words are kinder than degrees, but those of several towns would ask anew which one is meant.
        again = places.search(session, label, country=country, locale=lens.locale).certain
        return Centre(*point, label, label if again and again.id == town.id else query.near), (), None
    found = places.search(session, query.near, country=country, locale=lens.locale)
    if found.certain:
        hit = found.certain
        return Centre(hit.lat, hit.lon, hit.label(country), query.near), (), None
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
