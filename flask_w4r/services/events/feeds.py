"""The Atom feed (RFC 4287) of a search for events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as XML

from ...i18n import country_name, gettext, listing, time_span
from ...sections import Section
from .views import EventView, event_title

ATOM = "http://www.w3.org/2005/Atom"
GEORSS = "http://www.georss.org/georss"
#: When a feed without events was last new.
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
#: What XML cannot hold in any spelling.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

XML.register_namespace("georss", GEORSS)


def atom_feed(
    events: Sequence[EventView], section: Section, *, title: str, feed_url: str, page_url: str, lang: str
) -> bytes:
    """Return the feed. It is the same bytes as long as the events are.

    :param events: their ``url`` are full ones.
    :param title: what the feed is called.
    :param feed_url: where it can be had.
    :param page_url: the page with the same search.
    :param lang: the BCP 47 tag of its words.
    """
    feed = XML.Element("feed", {"xmlns": ATOM, "xml:lang": lang})
    _add(feed, "id", _urn(f"{section.code}|{feed_url}"))
    _add(feed, "title", title)
    _add(feed, "updated", _stamp(max((event.updated_at for event in events), default=LONG_AGO)))
    _add(_add(feed, "author"), "name", section.name)
    _add(feed, "link", rel="self", type="application/atom+xml", href=feed_url)
    _add(feed, "link", rel="alternate", type="text/html", href=page_url)
    _add(feed, "generator", "flask_w4r")
    for event in events:
        _entry(feed, event, section)
    return bytes(XML.tostring(feed, encoding="utf-8", xml_declaration=True))


def _entry(feed: XML.Element, event: EventView, section: Section) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", _urn(f"{section.code}|event|{event.uid}"))
    _add(entry, "title", event_title(event, cancelled=event.state == "cancelled"))
    _add(entry, "updated", _stamp(event.updated_at))
    _add(entry, "link", rel="alternate", type="text/html", href=event.url)
    _add(entry, "category", term=event.kind)
    _add(entry, "summary", summary(event))
    parts = [event.description.strip()]
    if event.cases:
        parts.append(f"{gettext('Writing for')}: {listing(case.name for case in event.cases)}")
    _add(entry, "content", "\n\n".join(part for part in parts if part), type="text")
    if event.lat is not None and event.lon is not None:
        _add(entry, f"{{{GEORSS}}}point", f"{event.lat:.5f} {event.lon:.5f}")


def summary(event: EventView) -> str:
    """When and where an event is, in one line."""
    when = time_span(event.starts_at, event.ends_at, event.time_zone)
    where = [event.venue, event.town, country_name(event.country) if event.country else ""] if event.has_place else []
    where += [gettext("Online")] if event.is_online else []
    return " · ".join([when, ", ".join(part for part in where if part)])


def _add(parent: XML.Element, tag: str, text: str = "", **attributes: str) -> XML.Element:
    child = XML.SubElement(parent, tag, {key: _NOT_XML.sub("", value) for key, value in attributes.items()})
    if text:
        child.text = _NOT_XML.sub("", text)
    return child


def _urn(matter: str) -> str:
    return uuid5(NAMESPACE_URL, f"w4r|{matter}").urn


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
