"""Events as everybody may find them: the list, the map's data, an event's own page."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Request, Response, current_app, request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.http import parse_accept_header
from werkzeug.routing import BuildError

from ... import topics
from ...i18n import gettext, language_name, long_date
from ...services.campaign import catalogue
from ...services.events import geojson as event_geojson
from ...services.events import query as event_query
from ...services.events import search as event_search
from ...services.events.grid import read_grid
from ...services.events.query import EventQuery
from ...services.events.search import Found
from ...services.events.views import EventView
from ...services.hosting import window as hosting_window
from ...services.places import search as places
from ...services.storage.unit_of_work import read
from ...web import Here, here
from ...web.kept import RENDER_SECONDS
from ...web.pages import event_links
from ...web.responses import public_page
from ...web.templating import json_ld, page

#: What the templates call things by.
WORDS: Mapping[str, Any] = {
    "event_kinds": topics.EVENT_KINDS,
    "access_statuses": topics.ACCESS_STATUSES,
    "availabilities": topics.AVAILABILITIES,
}
#: On the campaign page.
NEXT_EVENTS = 3
#: Kinds that search engines are asked to leave out.
QUIET = ("private", "school")


def events() -> Response:
    """The list, with the map beside it."""
    query = event_query.read_query(request.args)
    key = ("events", *sorted(query.args().items()), *query.faults)
    # What each reader asks differently would only push out what all ask for.
    common = query.page == 1 and not (query.near or query.since or query.until or query.case)
    return public_page(key, lambda: read(current_app, lambda session: _events(session, query)), keep=common)


def _events(session: Session, query: EventQuery) -> str:
    place = here()
    lens = place.lens
    found = event_search.search(session, lens, place.state.keyring, query)
    edition = catalogue.current_edition(session, lens)
    opens_on = hosting_window.opens_on(edition, lens)
    lead = gettext("Write with others: find an event near you, or host one.")
    og = {"title": gettext("Writing events"), "description": lead, "url": place.absolute("events"),
          "type": "website", "site_name": place.section.name, "image": None}  # fmt: skip
    return page(
        "events/list.html",
        endpoint="events",
        values=query.args(),
        public=True,
        edition=edition,
        lead=lead,
        found=found,
        query=query,
        opens_on=opens_on,
        distances=sorted({*event_query.DISTANCES, query.km}),
        case_choices=catalogue.cases_of(session, lens, edition) if edition else [],
        link_if=link_if,
        event_map=_map(place, found, opens_on),
        credit=places.credit() if found.centre or found.choices else "",
        credit_url=places.GEONAMES_URL,
        licence_url=places.LICENCE_URL,
        og=og,
        **WORDS,
    )


def _map(place: Here, found: Found, opens_on: Any) -> dict[str, Any]:
    """What the map's template wants to know."""
    query, section = found.query, place.section
    filters = {name: value for name, value in query.args().items() if name in ("from", "to", "kind", "case")}
    if query.online:
        filters["online"] = True
    empty = gettext("You can host events from %(date)s.", date=long_date(opens_on)) if opens_on else None
    return {
        "src": place.url("event_map_data"),
        "list": place.url("events"),
        "center": section.map_center,
        "zoom": section.map_zoom,
        "near": (found.centre.lat, found.centre.lon) if found.centre else None,
        "km": query.km,
        "filters": filters,
        "empty": empty,
        "tiles": place.state.config.map_tiles,
    }


def event(slug: str) -> Response:
    """One event."""
    return public_page(("event", slug), lambda: read(current_app, lambda session: _event(session, slug)))


def _event(session: Session, slug: str) -> str:
    place = here()
    found = event_search.find_event(session, place.lens, place.state.keyring, slug)
    phase = phase_of(found, place.lens.now)
    # One that is called off stays for search engines, so that they learn of it.
    quiet = found.visibility == "unlisted" or found.kind in QUIET or phase == "over"
    og, jsonld = _metadata(found, place)
    return page(
        "events/event.html",
        endpoint="event",
        values={"slug": slug},
        public=True,
        event=found,
        phase=phase,
        has_begun=found.starts_at <= place.lens.now,
        quiet=quiet,
        link_if=link_if,
        links=event_links(place.state, found.id) if phase not in ("cancelled", "over") else [],
        og=None if quiet else og,
        jsonld=None if quiet else jsonld,
        language_names=[language_name(code) for code in found.languages],
        **WORDS,
    )


def phase_of(event: EventView, now: datetime) -> str:
    """Where an event stands for somebody who would come: ``cancelled over closed full few open``."""
    if event.state == "cancelled":
        return "cancelled"
    if event.state == "over" or event.ends_at <= now:
        return "over"
    return "closed" if event.is_closed else event.availability


def link_if(endpoint: str, **values: Any) -> str | None:
    """The path of one of our endpoints, or ``None`` where this site is without it."""
    try:
        return here().url(endpoint, **values)
    except BuildError:
        return None


def _metadata(event: EventView, place: Here) -> tuple[dict[str, Any], Markup]:
    """An event page's Open Graph values and schema.org block. Nothing is in them that the page does not say."""
    url = place.absolute("event", slug=event.slug)
    summary = " ".join(event.description.split())[:200]
    og = {"title": event.title, "description": summary, "url": url, "type": "website",
          "site_name": place.section.name, "image": None}  # fmt: skip
    offset = event.starts_local - event.starts_at.replace(tzinfo=None)
    end_offset = event.ends_local - event.ends_at.replace(tzinfo=None)
    where: list[dict[str, Any]] = []
    if event.has_place:
        address = {"@type": "PostalAddress", "addressLocality": event.town, "addressCountry": event.country}
        if event.address:
            address["streetAddress"] = event.address
        spot: dict[str, Any] = {"@type": "Place", "name": event.venue or event.town, "address": address}
        if event.lat is not None and event.lon is not None:
            spot["geo"] = {"@type": "GeoCoordinates", "latitude": event.lat, "longitude": event.lon}
        where.append(spot)
    if event.is_online:
        where.append({"@type": "VirtualLocation", "url": url})
    mode = "Mixed" if event.kind == "hybrid" else "Online" if event.kind == "online" else "Offline"
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.description,
        "url": url,
        "startDate": event.starts_local.isoformat() + event_geojson.utc_offset(offset),
        "endDate": event.ends_local.isoformat() + event_geojson.utc_offset(end_offset),
        "eventStatus": f"https://schema.org/Event{'Cancelled' if event.state == 'cancelled' else 'Scheduled'}",
        "eventAttendanceMode": f"https://schema.org/{mode}EventAttendanceMode",
        "location": where if len(where) > 1 else where[0],
        "organizer": {"@type": "Organization", "name": place.section.name, "url": place.absolute("campaign")},
        "isAccessibleForFree": True,
    }
    if event.languages:
        data["inLanguage"] = list(event.languages)
    return og, json_ld(data)


def event_map_data() -> Response:
    """The map's data. Without a view: every event, or groups where they are many; with ``bbox`` and ``zoom``: that view,
    which takes the list's filters too."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]
    # Nearly always there is nothing to parse.
    bbox = asked.args.get("bbox") if asked.query_string else None
    if bbox is None:
        return _whole(asked.environ)
    grid = read_grid(bbox, asked.args.get("zoom", ""))
    if grid is None:
        raise BadRequest
    query = event_query.read_query({name: asked.args[name] for name in _VIEW_FILTERS if name in asked.args})

    def render() -> str:
        place = here()
        _, reader = place.state.engines(current_app)
        return event_geojson.view_alone(reader, place.lens, grid, query)[0]

    key = ("event_view", *grid.key, *sorted(query.args().items()))
    return public_page(key, render, mimetype=event_geojson.MIME)


_VIEW_FILTERS = ("from", "to", "kind", "online", "case")


def _whole(asked: Mapping[str, Any]) -> Response:
    place = here()
    maps: event_geojson.EventMaps = place.state.once("event_maps", event_geojson.EventMaps)
    name = (place.section.code, place.locale, asked.get("SCRIPT_NAME", ""))
    built = maps.get(name, lambda: place.lens, lambda work: read(current_app, work))
    packed = _takes_gzip(asked.get("HTTP_ACCEPT_ENCODING", ""))
    headers = _map_headers(built.etag, packed, place.state.config.cache_seconds)
    if headers[0][1] in asked.get("HTTP_IF_NONE_MATCH", ""):
        return Response(status=304, headers=headers[:_OF_UNCHANGED])
    return Response(built.body if packed else gzip.decompress(built.body), headers=headers)


#: So many of them say something of an answer without a body.
_OF_UNCHANGED = 3


@lru_cache(maxsize=256)
def _map_headers(etag: str, packed: bool, whole: float) -> list[tuple[str, str]]:
    headers = [
        ("ETag", f'"{etag}-gz"' if packed else f'"{etag}"'),
        ("Vary", "Accept-Encoding"),
        ("Cache-Control", f"public, max-age={int(whole - min(RENDER_SECONDS, whole))}"),
        ("Content-Type", event_geojson.MIME),
    ]
    return [*headers, ("Content-Encoding", "gzip")] if packed else headers


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted)["gzip"] > 0


def on_campaign(session: Session) -> dict[str, Any]:
    """What the campaign page shows of writing events; see ``web.pages.Pages``."""
    place = here()
    if "events" not in place.state.config.features:
        return {}
    found = event_search.search(session, place.lens, place.state.keyring, EventQuery(), limit=NEXT_EVENTS)
    return {"next_events": found.events, **WORDS}


ROUTES = (
    ("/events", "events", events, ("GET",), "events"),
    ("/events.geojson", "event_map_data", event_map_data, ("GET",), "events"),
    ("/events/<slug>", "event", event, ("GET",), "events"),
)
