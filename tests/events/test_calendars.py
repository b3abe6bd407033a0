"""Calendars and feeds are read back by another library than the one that wrote them."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from xml.etree import ElementTree as XML
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flask_w4r.i18n import use_locale
from flask_w4r.sections import Section
from flask_w4r.services.events import calendars, feeds
from flask_w4r.services.events.calendars import (
    Party,
    event_calendar,
    feed_calendar,
    party_calendar,
    zone_rules,
)
from flask_w4r.services.events.views import EventCaseView, EventView

SECTION = Section("AU", "Amnesty Example", "AU", ("en", "ar"), "en", "Australia/Sydney")
SENDER = "Write for Rights <w4r@mail.example.org>"
ZONES = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def make_event(starts: datetime = datetime(2026, 12, 5, 14), zone: str = "Australia/Sydney", **more: Any) -> EventView:
    fold = more.pop("fold", 0)
    ends = more.pop("ends", starts + timedelta(hours=2))
    moments = [local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for local in (starts, ends)]
    values: dict[str, Any] = {
        "id": 1, "slug": "letters", "url": "https://w4r.example/events/letters", "uid": "4f2a", "sequence": 2,
        "state": "published", "kind": "public", "visibility": "exact", "title": "Letters; cards, and tea",
        "description": "Bring a pen.\nWe bring stamps.", "starts_local": starts, "ends_local": ends,
        "time_zone": zone, "starts_at": moments[0], "ends_at": moments[1], "town": "Newtown", "country": "AU",
        "venue": "Library", "address": "8 Example Street", "lat": -33.9, "lon": 151.18, "is_online": False,
        "has_place": True, "shows_exact": True, "availability": "open", "is_closed": False, "is_demo": False,
        "host_verified": True, "host_name": "Sam", "access_status": "step_free", "access_notes": "Lift.",
        "languages": ["en"], "locale": "en", "updated_at": datetime(2026, 11, 1, 9, tzinfo=UTC),
        "cases": [EventCaseView(1, "one", "Ann Example", "https://w4r.example/cases/one")],
    }  # fmt: skip
    return EventView(**{**values, **more})


def parsed(data: bytes) -> Any:
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    # It would go by what it knows of a name; each calendar is to be read by the rules that it brings.
    vars(vobject.icalendar)["__tzidMap"].clear()
    vobject.icalendar.registerTzid("UTC", UTC)
    for rules in re.findall(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE", data.decode(), re.S):
        zone = tzical(StringIO(rules))
        vobject.icalendar.registerTzid(zone.keys()[0], zone.get())
    return vobject.readOne(data.decode(), validate=True)


def moments(entry: Any) -> list[datetime]:
    return [entry.dtstart.value.astimezone(UTC), entry.dtend.value.astimezone(UTC)]


CLOCKS = [
    ("Pacific/Apia", datetime(2026, 12, 5, 9), "2026-12-04T20:00"),
    ("Asia/Kathmandu", datetime(2026, 12, 5, 14), "2026-12-05T08:15"),
    # Half an hour of daylight saving.
    ("Australia/Lord_Howe", datetime(2026, 12, 5, 14), "2026-12-05T03:00"),
    ("Australia/Lord_Howe", datetime(2026, 6, 5, 14), "2026-06-05T03:30"),
    ("Pacific/Chatham", datetime(2026, 12, 5, 14), "2026-12-05T00:15"),
    # Behind in Ramadan.
    ("Africa/Casablanca", datetime(2026, 3, 1, 14), "2026-03-01T14:00"),
    ("Africa/Casablanca", datetime(2026, 12, 5, 14), "2026-12-05T13:00"),
    ("Europe/Dublin", datetime(2026, 7, 5, 14), "2026-07-05T13:00"),
    ("America/St_Johns", datetime(2026, 12, 5, 14), "2026-12-05T17:30"),
    # Its first hour, while it is the year before in UTC.
    ("Pacific/Kiritimati", datetime(2027, 1, 1, 0, 30), "2026-12-31T10:30"),
    ("America/Adak", datetime(2026, 12, 31, 23, 30), "2027-01-01T09:30"),
]


@pytest.mark.parametrize(("zone", "local", "moment"), CLOCKS)
def test_an_event_begins_when_its_own_clock_says(zone: str, local: datetime, moment: str) -> None:
    event = make_event(local, zone)
    data = event_calendar(event, SECTION, sender=SENDER)
    entry = parsed(data).vevent
    assert moments(entry) == [event.starts_at, event.ends_at]
    assert event.starts_at == datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert f"DTSTART;TZID={zone}:{local:%Y%m%dT%H%M%S}".encode() in data


CHANGES = [
    # Each event spans the change: spring and autumn, north and south.
    ("Europe/Paris", datetime(2026, 3, 29, 1), datetime(2026, 3, 29, 4), 2),
    ("Europe/Paris", datetime(2026, 10, 25, 1), datetime(2026, 10, 25, 4), 4),
    ("Australia/Sydney", datetime(2026, 10, 4, 1), datetime(2026, 10, 4, 4), 2),
    ("Australia/Sydney", datetime(2026, 4, 5, 1), datetime(2026, 4, 5, 4), 4),
    ("Australia/Lord_Howe", datetime(2026, 10, 4, 1), datetime(2026, 10, 4, 4), 2.5),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 1), datetime(2026, 4, 5, 4), 3.5),
    ("America/Toronto", datetime(2026, 3, 8, 1), datetime(2026, 3, 8, 4), 2),
    ("America/Toronto", datetime(2026, 11, 1, 0, 30), datetime(2026, 11, 1, 3, 30), 4),
]


@pytest.mark.parametrize(("zone", "starts", "ends", "hours"), CHANGES)
def test_an_event_across_a_change_of_the_clock_lasts_as_long_as_it_does(
    zone: str, starts: datetime, ends: datetime, hours: float
) -> None:
    event = make_event(starts, zone, ends=ends)
    entry = parsed(event_calendar(event, SECTION)).vevent
    first, last = moments(entry)
    assert [first, last] == [event.starts_at, event.ends_at]
    assert last - first == timedelta(hours=hours)


def test_an_hour_that_the_clock_shows_twice_is_the_one_that_was_meant() -> None:
    for fold in (0, 1):
        event = make_event(datetime(2026, 10, 25, 2, 30), "Europe/Paris", ends=datetime(2026, 10, 25, 4), fold=fold)
        data = event_calendar(event, SECTION)
        assert moments(parsed(data).vevent) == [event.starts_at, event.ends_at]
        # Local time would mean the first of the two.
        assert (b"DTSTART:20261025T013000Z" in data) == (fold == 1)


def as_the_rules_say(data: bytes, name: str, local: datetime) -> timedelta:
    """The offset by a zone's rules, read as RFC 5545 says: the latest onset at or before a local time."""
    text = data.decode().replace("\r\n ", "")
    zone = re.search(rf"BEGIN:VTIMEZONE\r\nTZID:{re.escape(name)}\r\n(.*?)END:VTIMEZONE", text, re.S)
    assert zone
    onsets = []
    for part in re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\r\n(.*?)END:", zone[1], re.S):
        values = dict(line.split(":", 1) for line in part.strip().split("\r\n"))
        sign, hours, minutes, seconds = re.fullmatch(r"([+-])(\d\d)(\d\d)(\d\d)?", values["TZOFFSETTO"]).groups()  # type: ignore[union-attr]
        offset = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
        onsets.append((datetime.strptime(values["DTSTART"], "%Y%m%dT%H%M%S"), -offset if sign == "-" else offset))
    return max(onset for onset in onsets if onset[0] <= local)[1]


@settings(deadline=None, max_examples=250)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2011, 1, 1), datetime(2060, 1, 1)).map(
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    st.integers(15, 60 * 24 * 3),
    st.integers(0, 1),
)
def test_any_event_in_any_zone_is_read_back_as_it_is(zone: str, starts: datetime, minutes: int, fold: int) -> None:
    begins = starts.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
    ends = (begins + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
    # Not in the hour that the clock leaves out: the form refuses it.
    assume(begins.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == starts)
    event = make_event(
        starts, zone, starts_at=begins, ends=ends.replace(tzinfo=None), ends_at=begins + timedelta(minutes=minutes)
    )
    data = event_calendar(event, SECTION)
    assert moments(parsed(data).vevent) == [event.starts_at, event.ends_at]
    if b"DTSTART;TZID" in data:
        # Programs that know no zone by its name go by the rules beside it.
        assert starts - as_the_rules_say(data, zone, starts) == begins.replace(tzinfo=None)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(ZONES), st.integers(2011, 2060))
def test_the_rules_beside_an_event_hold_at_every_hour_of_its_year(zone: str, year: int) -> None:
    data = zone_rules(zone, year, year).to_ical()
    moment = datetime(year, 1, 1, 0, 30, tzinfo=UTC)
    while moment.year == year:
        local = moment.astimezone(ZoneInfo(zone))
        plain = local.replace(tzinfo=None)
        if local.fold == 0 and plain.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset() == local.utcoffset():
            assert as_the_rules_say(data, zone, plain) == local.utcoffset()
        moment += timedelta(hours=7)


def test_a_zones_rules_are_those_of_the_years_that_matter() -> None:
    data = event_calendar(make_event(), SECTION)
    assert data.count(b"BEGIN:VTIMEZONE") == 1
    assert data.count(b"BEGIN:STANDARD") + data.count(b"BEGIN:DAYLIGHT") == 3
    assert b"DTSTART:20261004T020000" in data
    assert len(data) < 1800


def test_an_event_keeps_its_name_and_counts_its_changes() -> None:
    before, after = make_event(), make_event(datetime(2026, 12, 6, 14), sequence=3)
    entries = [parsed(event_calendar(event, SECTION, sender=SENDER)) for event in (before, after)]
    assert [entry.method.value for entry in entries] == ["PUBLISH", "PUBLISH"]
    assert entries[0].vevent.uid.value == entries[1].vevent.uid.value == "4f2a@au.w4r"
    assert [entry.vevent.sequence.value for entry in entries] == ["2", "3"]
    assert entries[0].vevent.organizer.value.lower() == "mailto:w4r@mail.example.org"
    assert not hasattr(entries[0].vevent, "attendee")


def test_words_come_back_as_they_were() -> None:
    entry = parsed(event_calendar(make_event(), SECTION)).vevent
    assert entry.summary.value == "Letters; cards, and tea"
    assert entry.description.value.startswith("Bring a pen.\nWe bring stamps.\n\nWriting for: Ann Example")
    assert entry.location.value == "Library, 8 Example Street, Newtown"
    assert entry.geo.value == "-33.9;151.18"
    assert entry.url.value == "https://w4r.example/events/letters"


@settings(deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_out_of_its_line(title: str, notes: str) -> None:
    event = make_event(title=title, access_notes=notes)
    data = event_calendar(event, SECTION, sender='Evil"\r\nX-EVIL:1 <a@example.org>')
    assert data.count(b"\r\nBEGIN:") == 1 + 3 + 1
    assert {line.split(b":")[0].split(b";")[0] for line in data.replace(b"\r\n ", b"").split(b"\r\n")} <= {
        b"BEGIN", b"END", b"VERSION", b"PRODID", b"CALSCALE", b"METHOD", b"TZID", b"DTSTART", b"DTEND", b"TZNAME",
        b"TZOFFSETFROM", b"TZOFFSETTO", b"UID", b"SEQUENCE", b"DTSTAMP", b"LAST-MODIFIED", b"STATUS", b"SUMMARY",
        b"DESCRIPTION", b"LOCATION", b"GEO", b"URL", b"ORGANIZER", b"",
    }  # fmt: skip


def test_a_party_is_invited_and_has_accepted() -> None:
    party = Party("guest@example.org", 3, datetime(2026, 11, 2, tzinfo=UTC), online_url="https://meet.example/x")
    method, data = party_calendar(make_event(), party, SECTION, sender=SENDER)
    calendar = parsed(data)
    assert method == calendar.method.value == "REQUEST"
    entry = calendar.vevent
    assert entry.uid.value == "4f2a@au.w4r"
    assert entry.sequence.value == "5"
    assert entry.attendee.value.lower() == "mailto:guest@example.org"
    assert entry.attendee.params["PARTSTAT"] == ["ACCEPTED"]
    assert "https://meet.example/x" in entry.description.value


def test_who_comes_no_more_loses_the_entry_and_so_does_everybody_when_it_is_called_off() -> None:
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    gone = Party("guest@example.org", 4, moment, coming=False)
    there = Party("guest@example.org", 3, moment)
    for event, party in ((make_event(), gone), (make_event(state="cancelled", sequence=3), there)):
        method, data = party_calendar(event, party, SECTION, sender=SENDER)
        calendar = parsed(data)
        assert method == calendar.method.value == "CANCEL"
        assert calendar.vevent.status.value == "CANCELLED"
        assert calendar.vevent.sequence.value == "6"


def test_a_party_learns_the_street_where_it_may() -> None:
    event = make_event(kind="private", visibility="approval", venue="", address="", lat=-33.8, lon=151.2)
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    told = Party("guest@example.org", 1, moment, venue="", address="4 Secret Lane", lat=-33.81, lon=151.21)
    untold = Party("guest@example.org", 1, moment)
    assert parsed(party_calendar(event, told, SECTION)[1]).vevent.location.value == "4 Secret Lane, Newtown"
    assert parsed(party_calendar(event, untold, SECTION)[1]).vevent.location.value == "Newtown"
    assert parsed(event_calendar(event, SECTION)).vevent.geo.value == "-33.8;151.2"


def test_a_search_is_one_calendar_with_each_zone_once() -> None:
    events = [
        make_event(),
        make_event(zone="Asia/Kathmandu", uid="5", slug="b"),
        make_event(datetime(2027, 5, 1, 10), uid="6", slug="c"),
    ]
    data = feed_calendar(events, SECTION, name="Near Newtown", url="https://w4r.example/events.ics?near=Newtown")
    calendar = parsed(data)
    assert calendar.x_wr_calname.value == "Near Newtown"
    assert [zone.tzid.value for zone in calendar.vtimezone_list] == ["Asia/Kathmandu", "Australia/Sydney"]
    assert [moments(entry)[0] for entry in calendar.vevent_list] == [event.starts_at for event in events]
    assert {entry.transp.value for entry in calendar.vevent_list} == {"TRANSPARENT"}
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in data
    assert data == feed_calendar(
        events, SECTION, name="Near Newtown", url="https://w4r.example/events.ics?near=Newtown"
    )


def test_a_search_that_finds_nothing_is_a_calendar_still() -> None:
    calendar = parsed(feed_calendar([], SECTION, name="Events", url="https://w4r.example/events.ics"))
    assert calendar.method.value == "PUBLISH"
    assert not hasattr(calendar, "vevent")


def test_a_demo_event_says_so_where_a_calendar_shows_its_title() -> None:
    text = feed_calendar([make_event(is_demo=True)], SECTION, name="All", url="https://w4r.example/events.ics")
    assert parsed(text).vevent.summary.value == "Demo event: Letters; cards, and tea"


def test_a_zone_that_this_machine_does_not_know_is_no_fault() -> None:
    event = make_event(time_zone="Moon/Tranquility")
    assert moments(parsed(event_calendar(event, SECTION)).vevent) == [event.starts_at, event.ends_at]
    assert calendars.uid(SECTION, event) == "4f2a@au.w4r"


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
