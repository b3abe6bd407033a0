"""What the public learns of an event, all of it: each value of its view, each line of its calendars, each word of its feed."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as XML

import pytest

from flask_w4r.i18n import use_locale
from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.models import Event
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.events import calendars, feeds, views
from flask_w4r.services.events.views import EventCaseView
from flask_w4r.testing import make_events
from tests.conftest import Host
from tests.events.calendar_views import SECTION, SENDER, make_event
from tests.events.rows import event_values
from tests.events.test_geojson import URL, change, forget

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
KEYRING = Keyring([generate_key()], generate_key())
LENS = Lens(SECTION, "en", NOW, lambda endpoint, **values: f"/{endpoint}/{values['slug']}")
CASES = [EventCaseView(1, "one", "Ann Example", "/cases/one")]

#: What is seen of the event that :mod:`tests.events.rows` makes.
SEEN: dict[str, Any] = {
    "id": 7, "slug": "letters", "url": "/event/letters", "uid": "0a1b2c3d", "sequence": 4, "state": "published",
    "kind": "public", "visibility": "exact", "title": "Letters in Newtown", "description": "Bring a pen.",
    "starts_local": datetime(2026, 11, 12, 14), "ends_local": datetime(2026, 11, 12, 16),
    "time_zone": "Australia/Sydney", "starts_at": datetime(2026, 11, 12, 3, tzinfo=UTC),
    "ends_at": datetime(2026, 11, 12, 5, tzinfo=UTC), "town": "Newtown", "country": "AU", "venue": "Old Library",
    "address": "8 Hidden Street", "lat": -33.898, "lon": 151.179, "is_online": False, "has_place": True,
    "shows_exact": True, "availability": "few", "is_closed": False, "is_demo": False, "host_verified": True,
    "host_name": "Sam Host", "access_status": "partly", "access_notes": "A ramp.", "languages": ["en", "fr"],
    "locale": "fr", "cases": [asdict(CASES[0])], "updated_at": NOW, "distance_km": 2.5,
}  # fmt: skip
TOWN: dict[str, Any] = {"venue": "", "address": "", "shows_exact": False}
NO_PLACE: dict[str, Any] = {**TOWN, "lat": None, "lon": None, "has_place": False, "is_online": True}
#: What was approved, where other words wait.
KEPT: dict[str, Any] = {
    "title": "Old words", "description": "Old", "kind": "public", "visibility": "town", "time_zone": "UTC",
    "town": "Oldtown", "country": "NZ", "access_status": "unknown", "access_notes": "", "languages": ["en"],
    "starts_local": "2026-12-01T10:00:00", "ends_local": "2026-12-01T12:00:00",
    "starts_at": "2026-12-01T10:00:00+00:00", "ends_at": "2026-12-01T12:00:00+00:00",
}  # fmt: skip
KEPT_SEEN = {
    **KEPT, **TOWN, "lat": None, "lon": None,
    **{name: datetime.fromisoformat(KEPT[name]) for name in ("starts_local", "ends_local", "starts_at", "ends_at")},
}  # fmt: skip


def row(**columns: Any) -> Event:
    values = {"sequence": 4, "availability": "few", "host_verified": True, "access_status": "partly", "locale": "fr",
              "access_notes": "A ramp.", "languages": ["en", "fr"], **columns}  # fmt: skip
    return Event(id=7, **event_values(KEYRING, SECTION, now=NOW, **values))


@pytest.mark.parametrize(
    ("columns", "differs"),
    [
        ({}, {}),
        ({"kind": "school"}, {"kind": "school", **TOWN}),
        ({"kind": "private"}, {"kind": "private", **TOWN, "host_name": ""}),
        ({"visibility": "town"}, {"visibility": "town", **TOWN}),
        ({"visibility": "approval"}, {"visibility": "approval", **TOWN}),
        ({"visibility": "unlisted"}, {"visibility": "unlisted", **TOWN}),
        ({"kind": "hybrid"}, {"kind": "hybrid", "is_online": True}),
        ({"kind": "online"}, {"kind": "online", **NO_PLACE}),
        ({"state": "cancelled", "closed_at": NOW, "is_demo": True}, {"state": "cancelled", "is_closed": True, "is_demo": True}),
        ({"approved": KEPT}, KEPT_SEEN),
        ({"approved": {**KEPT, "kind": "private"}}, {**KEPT_SEEN, "kind": "private", "host_name": ""}),
        ({"approved": {**KEPT, "kind": "hybrid"}}, {**KEPT_SEEN, "kind": "hybrid", "is_online": True}),
        ({"approved": {**KEPT, "kind": "online"}}, {**KEPT_SEEN, "kind": "online", "is_online": True, "has_place": False}),
        # What waits is of a kind that names no host, and what was approved does not give the name back.
        ({"approved": KEPT, "kind": "private"}, {**KEPT_SEEN, "host_name": ""}),
    ],
)  # fmt: skip
def test_each_value_of_a_view(columns: dict[str, Any], differs: dict[str, Any]) -> None:
    view = views.event_view(row(**columns), CASES, LENS, KEYRING, distance_km=2.5)
    assert asdict(view) == {**SEEN, **differs}


def test_its_host_reads_what_waits() -> None:
    view = views.event_view(row(approved=KEPT), CASES, LENS, KEYRING, distance_km=2.5, own=True)
    assert asdict(view) == SEEN


def test_what_is_kept_as_shown_is_what_was_shown() -> None:
    event = row()
    kept = json.loads(json.dumps(views.as_shown(event)))
    assert views.as_known(event) == views.as_shown(event)
    assert "hidden" not in kept
    assert views.as_shown(event, hidden=True) == {**views.as_shown(event), "hidden": True}
    event.approved, event.title, event.town = kept, "New words", "Newer town"
    seen = {**SEEN, **TOWN, "lat": None, "lon": None}
    assert asdict(views.event_view(event, CASES, LENS, KEYRING, distance_km=2.5)) == seen
    assert views.as_known(event) == kept


@pytest.mark.parametrize(
    ("columns", "may"),
    [
        ({}, True),
        ({"published_at": None}, True),
        ({"state": "cancelled"}, True),
        ({"state": "cancelled", "published_at": None}, False),
        ({"state": "over", "approved": KEPT}, True),
        ({"state": "cancelled", "approved": {**KEPT, "hidden": True}}, False),
    ],
)
def test_which_events_have_a_page(columns: dict[str, Any], may: bool) -> None:
    assert views.has_page(row(**columns)) is may


def test_what_an_event_is_called() -> None:
    with use_locale("en-AU"):
        said = [
            views.event_title(make_event(is_demo=demo), cancelled=off)
            for demo in (False, True)
            for off in (False, True)
        ]
    title = "Letters; cards, and tea"
    assert said == [title, f"Cancelled: {title}", f"Demo event: {title}", f"Cancelled: Demo event: {title}"]


BEGIN = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//flask_w4r//Write for Rights//EN", "CALSCALE:GREGORIAN"]
ZONE = [
    "BEGIN:VTIMEZONE", "TZID:Australia/Sydney",
    "BEGIN:DAYLIGHT", "DTSTART:20251230T110000", "TZNAME:AEDT", "TZOFFSETFROM:+1100", "TZOFFSETTO:+1100", "END:DAYLIGHT",
    "BEGIN:STANDARD", "DTSTART:20260405T030000", "TZNAME:AEST", "TZOFFSETFROM:+1100", "TZOFFSETTO:+1000", "END:STANDARD",
    "BEGIN:DAYLIGHT", "DTSTART:20261004T020000", "TZNAME:AEDT", "TZOFFSETFROM:+1000", "TZOFFSETTO:+1100", "END:DAYLIGHT",
    "END:VTIMEZONE",
]  # fmt: skip
WORDS = r"Bring a pen.\nWe bring stamps."
ENTRY = {
    "BEGIN": "VEVENT", "SUMMARY": r"Letters\; cards\, and tea", "DTSTART;TZID=Australia/Sydney": "20261205T140000",
    "DTEND;TZID=Australia/Sydney": "20261205T160000", "DTSTAMP": "20261101T090000Z", "UID": "4f2a@au.w4r", "SEQUENCE": "2",
    "DESCRIPTION": rf"{WORDS}\n\nWriting for: Ann Example\n\nAccessibility: Lift.\n\nhttps://w4r.example/events/letters",
    "GEO": "-33.900000;151.180000", "LAST-MODIFIED": "20261101T090000Z", "LOCATION": r"Library\, 8 Example Street\, Newtown",
    'ORGANIZER;CN="Amnesty Example"': "MAILTO:w4r@mail.example.org", "STATUS": "CONFIRMED",
    "URL": "https://w4r.example/events/letters", "END": "VEVENT",
}  # fmt: skip
GUEST = "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT={};ROLE=REQ-PARTICIPANT;RSVP=FALSE"


def lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").strip().split("\r\n")


def entry(**differs: Any) -> set[str]:
    """The lines of an entry; ``None`` for one that is not there, and two underscores for a hyphen in a name."""
    values = {**ENTRY, **{name.replace("__", "-"): value for name, value in differs.items()}}
    return {f"{name}:{value}" for name, value in values.items() if value is not None}


def test_each_line_of_an_events_calendar() -> None:
    with use_locale("en-AU"):
        found = lines(calendars.event_calendar(make_event(), SECTION, sender=SENDER))
        unsent = lines(calendars.event_calendar(make_event(is_demo=True), SECTION))
    head = [*BEGIN, "METHOD:PUBLISH", *ZONE]
    assert found[: len(head)] == head
    assert set(found[len(head) : -1]) == entry()
    assert found[-1] == "END:VCALENDAR"
    organizer = 'ORGANIZER;CN="Amnesty Example"'
    assert set(unsent[len(head) : -1]) == entry(
        SUMMARY=rf"Demo event: {ENTRY['SUMMARY']}", DESCRIPTION=rf"Demo event: not real.\n\n{ENTRY['DESCRIPTION']}",
        **{organizer: "MAILTO:w4r@localhost"},
    )  # fmt: skip


def test_each_line_of_a_searchs_calendar() -> None:
    online = make_event(
        uid="5e", state="cancelled", kind="online", has_place=False, is_online=True, venue="", address="", lat=None, lon=None,
        cases=[], access_notes="", updated_at=NOW,
    )  # fmt: skip
    with use_locale("en-AU"):
        found = lines(calendars.feed_calendar(
            [make_event(), online], SECTION, name="Near\x07 you", url="https://w4r.example/events.ics", sender=SENDER,
        ))  # fmt: skip
    assert found[:5] == [*BEGIN, "METHOD:PUBLISH"]
    assert set(found[5:10]) == {
        "NAME:Near you", "X-WR-CALNAME:Near you", "SOURCE;VALUE=URI:https://w4r.example/events.ics",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H",
    }  # fmt: skip
    assert found[10 : 10 + len(ZONE)] == ZONE
    first, last = 10 + len(ZONE), found.index("END:VEVENT") + 1
    assert set(found[first:last]) == entry(TRANSP="TRANSPARENT")
    assert set(found[last:-1]) == entry(
        TRANSP="TRANSPARENT", UID="5e@au.w4r", STATUS="CANCELLED", SUMMARY=rf"Cancelled: {ENTRY['SUMMARY']}", GEO=None,
        LOCATION="Online", DESCRIPTION=rf"{WORDS}\n\nhttps://w4r.example/events/letters", DTSTAMP="20261102T090000Z",
        LAST__MODIFIED="20261102T090000Z",
    )  # fmt: skip


def test_each_line_of_a_partys_calendar() -> None:
    party = calendars.Party(
        "gus@example.org", 3, NOW, venue="Hall", address="9 Other Street", lat=-33.5, lon=151.5, online_url="https://meet.example",
    )  # fmt: skip
    own = entry(
        SEQUENCE="5", GEO="-33.500000;151.500000", LOCATION=r"Hall\, 9 Other Street\, Newtown", DTSTAMP="20261102T090000Z",
        LAST__MODIFIED="20261102T090000Z", DESCRIPTION=rf"Join online: https://meet.example\n\n{ENTRY['DESCRIPTION']}",
        **{GUEST.format("ACCEPTED"): "MAILTO:gus@example.org"},
    )  # fmt: skip
    with use_locale("en-AU"):
        method, data = calendars.party_calendar(make_event(), party, SECTION, sender=SENDER)
    head = [*BEGIN, "METHOD:REQUEST", *ZONE]
    assert method == "REQUEST"
    assert lines(data)[: len(head)] == head
    assert set(lines(data)[len(head) : -1]) == own

    # What it knows no better is the event's own; the later of the two changes counts.
    plain = calendars.Party("gus@example.org", 0, NOW - timedelta(days=9), coming=False)
    with use_locale("en-AU"):
        method, data = calendars.party_calendar(make_event(), plain, SECTION, sender=SENDER)
    assert (method, lines(data)[4]) == ("CANCEL", "METHOD:CANCEL")
    declined = {GUEST.format("DECLINED"): "MAILTO:gus@example.org"}
    assert set(lines(data)[len(head) : -1]) == entry(STATUS="CANCELLED", **declined)

    # Whoever comes by a link alone has it for a place.
    online = make_event(kind="online", has_place=False, is_online=True, lat=None, lon=None)
    for url, place in (("https://meet.example", "https://meet.example"), ("", "Online")):
        there = calendars.Party("gus@example.org", 0, NOW, online_url=url)
        with use_locale("en-AU"):
            assert f"LOCATION:{place}" in lines(calendars.party_calendar(online, there, SECTION)[1])


def test_the_zone_of_the_machine_is_nobodys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [make_event(), make_event(zone="UTC"), make_event(zone="Asia/Kathmandu")]
    party = calendars.Party("gus@example.org", 3, NOW)
    written = []
    for zone in ("UTC", "Asia/Tokyo"):
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            time.tzset()
            files = [calendars.party_calendar(event, party, SECTION)[1] for event in events]
            files.append(calendars.feed_calendar(events, SECTION, name="All", url="https://w4r.example/events.ics"))
            files.append(
                feeds.atom_feed(events, SECTION, title="T", feed_url="https://f", page_url="https://p", lang="en")
            )
            written.append(files)
    time.tzset()
    assert written[0] == written[1]


def test_an_event_stays_on_its_own_clock_where_the_rules_of_its_zone_changed() -> None:
    """Its moment was reckoned by other rules than those of this machine; the clock on the wall is what people go by."""
    event = make_event()
    moved = make_event(starts_at=event.starts_at + timedelta(hours=1), ends_at=event.ends_at + timedelta(hours=1))
    assert {"DTSTART;TZID=Australia/Sydney:20261205T140000", *ZONE} <= set(
        lines(calendars.event_calendar(moved, SECTION))
    )


def test_each_word_of_a_feed() -> None:
    online = make_event(
        uid="5e", kind="online", has_place=False, is_online=True, venue="", town="", lat=None, lon=None, cases=[],
        description=" Pens.\x07 ", state="cancelled", updated_at=NOW,
    )  # fmt: skip
    hybrid = make_event(uid="6", kind="hybrid", is_online=True, country="", venue="", description="")
    with use_locale("en-AU"):
        data = feeds.atom_feed(
            [make_event(), online, hybrid], SECTION, title="Near you", feed_url="https://f?a=1&b=2", page_url="https://p",
            lang="en-AU",
        )  # fmt: skip
    assert data.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    root = XML.fromstring(data)
    told = {tag: [told_of(one) for one in root.findall(f"{{{feeds.ATOM}}}{tag}")] for tag in ("id", "entry")}
    (own,), entries = told["id"], told["entry"]
    ids = [each.pop(0)[1] for each in entries]
    assert len({own[0][1], *ids}) == 4
    assert all(one and one.startswith("urn:uuid:") for one in (own[0][1], *ids))
    assert [told_of(one) for one in root if one.tag.rpartition("}")[2] not in ("id", "entry")] == [
        [("title", "Near you", {})], [("updated", "2026-11-02T09:00:00Z", {})],
        [("author", None, {}), ("name", "Amnesty Example", {})],
        [("link", None, {"rel": "self", "type": "application/atom+xml", "href": "https://f?a=1&b=2"})],
        [("link", None, {"rel": "alternate", "type": "text/html", "href": "https://p"})], [("generator", "flask_w4r", {})],
    ]  # fmt: skip
    when = "Saturday, 5 December 2026, 2:00\u202fpm – 4:00\u202fpm (Australian Eastern Daylight Time)"
    link = ("link", None, {"rel": "alternate", "type": "text/html", "href": "https://w4r.example/events/letters"})
    point = ("point", "-33.90000 151.18000", {})
    assert entries == [
        [("title", "Letters; cards, and tea", {}), ("updated", "2026-11-01T09:00:00Z", {}), link,
         ("category", None, {"term": "public"}), ("summary", f"{when} · Library, Newtown, Australia", {}),
         ("content", "Bring a pen.\nWe bring stamps.\n\nWriting for: Ann Example", {"type": "text"}), point],
        [("title", "Cancelled: Letters; cards, and tea", {}), ("updated", "2026-11-02T09:00:00Z", {}), link,
         ("category", None, {"term": "online"}), ("summary", f"{when} · Online", {}),
         ("content", "Pens.", {"type": "text"})],
        [("title", "Letters; cards, and tea", {}), ("updated", "2026-11-01T09:00:00Z", {}), link,
         ("category", None, {"term": "hybrid"}), ("summary", f"{when} · Newtown, Online", {}),
         ("content", "Writing for: Ann Example", {"type": "text"}), point],
    ]  # fmt: skip


def told_of(element: XML.Element) -> list[tuple[str, str | None, dict[str, str]]]:
    """An element and what is in it, each with its name, its text, and its attributes; without the entry itself."""
    all_of_it = [(one.tag.rpartition("}")[2], one.text, dict(one.attrib)) for one in element.iter()]
    return all_of_it[1:] if all_of_it[0][0] == "entry" else all_of_it


def test_a_new_document_of_the_map_has_a_new_name(host: Host) -> None:
    make_events(host.app, 2)
    client = host.app.test_client()
    first = client.get(URL, headers={"Accept-Encoding": "gzip"})
    change(host, Event.__table__.update().where(Event.slug == "made-up-1").values(title="Other"))
    forget(host)
    second = client.get(URL, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert second.headers["ETag"] != first.headers["ETag"]
    assert b"Other" in gzip.decompress(second.data)
