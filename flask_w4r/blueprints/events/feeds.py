"""Events for other programs: a calendar and an Atom feed of any search, and a calendar entry of each event.

What writes calendars brings icalendar along, which is large: it is loaded by the first that is asked for.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Response, request
from sqlalchemy.orm import Session

from ...i18n import gettext
from ...services.campaign.views import Lens
from ...services.events import feeds
from ...services.events.query import EventQuery, read_query
from ...services.events.search import Found, cancelled, find_event, search
from ...services.storage.unit_of_work import read
from ...web import Here, here
from ...web.responses import public_page
from ...web.templating import app_of_request

#: The next so many events are in a calendar or feed; nobody plans further.
MOST = 200


def events_ics() -> Response:
    """The calendar of a search, to subscribe to."""
    place, query = here(), _query()

    def render() -> str:
        from ...services.events import calendars

        found = _search(place, query)
        return calendars.feed_calendar(
            found.events,
            place.section,
            name=_title(place, found),
            url=place.absolute("events_ics", **query.args()),
            sender=place.state.config.mail_sender,
        ).decode()

    key = ("events_ics", _key(query))
    return _named(public_page(key, render, mimetype="text/calendar", keep=_is_common(query)), "events")


def events_atom() -> Response:
    """The Atom feed of a search."""
    place, query = here(), _query()

    def render() -> str:
        found = _search(place, query)
        return feeds.atom_feed(
            found.events,
            place.section,
            title=_title(place, found),
            feed_url=place.absolute("events_atom", **query.args()),
            page_url=place.absolute("events", **query.args()),
            lang=place.lang,
        ).decode()

    key = ("events_atom", _key(query))
    return public_page(key, render, mimetype="application/atom+xml", keep=_is_common(query))


def event_ics(slug: str) -> Response:
    """One event's calendar entry, as everybody may have it."""
    place = here()

    def render() -> str:
        from ...services.events import calendars

        lens, keyring = _lens(place), place.state.keyring
        event = read(app_of_request(), lambda session: find_event(session, lens, keyring, slug))
        return calendars.event_calendar(event, place.section, sender=place.state.config.mail_sender).decode()

    return _named(public_page(("event_ics", slug), render, mimetype="text/calendar"), slug)


def _query() -> EventQuery:
    return replace(read_query(request.args), page=1)


def _key(query: EventQuery) -> tuple[tuple[str, str], ...]:
    """One rendering a search, however it was written."""
    return tuple(sorted((name, str(value)) for name, value in query.args().items()))


def _is_common(query: EventQuery) -> bool:
    """Whether many ask for it; what each asks differently would only push that out of the cache."""
    return not (query.near or query.since or query.until or query.case)


def _lens(place: Here) -> Lens:
    """Links in files must be full ones."""
    return replace(place.lens, link=place.absolute)


def _search(place: Here, query: EventQuery) -> Found:
    """What is found, and what was called off of it not long ago, by their beginning."""
    lens, keyring = _lens(place), place.state.keyring

    def load(session: Session) -> Found:
        found = search(session, lens, keyring, query, limit=MOST)
        off = cancelled(session, lens, keyring, query)
        events = sorted([*found.events, *off], key=lambda event: event.starts_at) if off else found.events
        return replace(found, events=events)

    return read(app_of_request(), load)


def _title(place: Here, found: Found) -> str:
    if found.centre:
        return gettext("%(name)s: writing events near %(place)s", name=place.section.name, place=found.centre.label)
    return gettext("%(name)s: writing events", name=place.section.name)


def _named(response: Response, name: str) -> Response:
    """Say what a saved file is called; not for search engines, which may have the page."""
    if response.status_code == 200:
        # The same method as within (RFC 5545, 3.7.2).
        response.mimetype_params["method"] = "PUBLISH"
        response.headers.set("Content-Disposition", "attachment", filename=f"{name}.ics")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


ROUTES = (
    ("/events.ics", "events_ics", events_ics, ("GET",), "events"),
    ("/events.atom", "events_atom", events_atom, ("GET",), "events"),
    ("/events/<slug>.ics", "event_ics", event_ics, ("GET",), "events"),
)
