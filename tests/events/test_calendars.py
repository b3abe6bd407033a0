"""Calendars are read back by another library than the one that wrote them: names, words, guests, searches."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r.services.events.calendars import Party, event_calendar, feed_calendar, party_calendar
from tests.events.calendar_views import SECTION, SENDER, make_event, moments, parsed


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
    assert entry.geo.value == "-33.900000;151.180000"
    assert entry.url.value == "https://w4r.example/events/letters"


@settings(deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_point_is_decimal_degrees_even_near_zero(lat: float, lon: float) -> None:
    """RFC 5545 knows no exponent."""
    written = parsed(event_calendar(make_event(lat=lat, lon=lon), SECTION)).vevent.geo.value
    assert re.fullmatch(r"-?[0-9]{1,2}\.[0-9]{6};-?[0-9]{1,3}\.[0-9]{6}", written)
    assert [float(part) for part in written.split(";")] == pytest.approx([lat, lon], abs=1e-6)


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
    assert parsed(event_calendar(event, SECTION)).vevent.geo.value == "-33.800000;151.200000"


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
