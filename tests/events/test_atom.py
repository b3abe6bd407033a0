"""A feed has what Atom asks for and is well-formed whatever is typed; its times are in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as XML

from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r.i18n import use_locale
from flask_w4r.services.events import feeds
from flask_w4r.services.events.views import EventView
from tests.events.calendar_views import SECTION, make_event

NAMES = {"a": feeds.ATOM, "georss": feeds.GEORSS}


def feed(events: list[EventView], **more: Any) -> XML.Element:
    values = {"title": "Events near you", "feed_url": "https://w4r.example/events.atom?near=x&km=5",
              "page_url": "https://w4r.example/events?near=x&km=5", "lang": "en-AU"}  # fmt: skip
    return XML.fromstring(feeds.atom_feed(events, SECTION, **{**values, **more}))


def test_the_feed_has_what_atom_asks_for() -> None:
    events = [make_event(), make_event(uid="5", updated_at=datetime(2026, 11, 3, 9, tzinfo=UTC), is_demo=True)]
    with use_locale("en-AU"):
        root = feed(events)
    assert root.tag == f"{{{feeds.ATOM}}}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-AU"
    assert root.findtext("a:updated", namespaces=NAMES) == "2026-11-03T09:00:00Z"
    assert root.find("a:link[@rel='self']", NAMES).get("href") == "https://w4r.example/events.atom?near=x&km=5"  # type: ignore[union-attr]
    entries = root.findall("a:entry", NAMES)
    ids = [entry.findtext("a:id", namespaces=NAMES) for entry in entries]
    assert len(set(ids)) == 2
    assert all(name and name.startswith("urn:uuid:") for name in ids)
    assert entries[0].findtext("a:summary", namespaces=NAMES) == (
        "Saturday, 5 December 2026, 2:00\u202fpm – 4:00\u202fpm (Australian Eastern Daylight Time)"
        " · Library, Newtown, Australia"
    )
    assert entries[0].findtext("georss:point", namespaces=NAMES) == "-33.90000 151.18000"
    assert entries[1].findtext("a:title", namespaces=NAMES) == "Demo event: Letters; cards, and tea"


def test_a_feed_without_events_stands() -> None:
    assert feed([]).findtext("a:updated", namespaces=NAMES) == "2000-01-01T00:00:00Z"


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_make_well_formed_xml(title: str, description: str) -> None:
    root = feed([make_event(title="x" + title, description=description)], title=title)
    found = root.findtext("a:entry/a:title", namespaces=NAMES)
    assert found is not None
    assert found.startswith("x")


def test_times_are_given_in_the_readers_language_on_the_events_clock() -> None:
    event = make_event(zone="Asia/Kathmandu")
    with use_locale("fr-FR"):
        assert feeds.summary(event).startswith("samedi 5 décembre 2026, 14:00 – 16:00 (UTC+05:45)")
    with use_locale("ar-DZ"):
        assert feeds.summary(event).startswith("السبت، 5 ديسمبر 2026، 2:00")
    with use_locale("en-AU"):
        night = make_event(datetime(2026, 12, 5, 22), "Australia/Sydney", ends=datetime(2026, 12, 6, 1))
        words = feeds.summary(night).replace("\u202f", " ")
    assert words.startswith("Saturday, 5 December 2026, 10:00 pm – Sunday, 6 December 2026, 1:00 am (Aust")
