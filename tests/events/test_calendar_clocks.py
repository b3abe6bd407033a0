"""In a calendar an event is when its own clock says: in any zone, across any change, by the rules beside it."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from flask_w4r.services.events import calendars
from flask_w4r.services.events.calendars import event_calendar, zone_rules
from tests.events.calendar_views import SECTION, SENDER, make_event, moments, parsed

ZONES = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))

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


def test_a_zone_that_this_machine_does_not_know_is_no_fault() -> None:
    event = make_event(time_zone="Moon/Tranquility")
    assert moments(parsed(event_calendar(event, SECTION)).vevent) == [event.starts_at, event.ends_at]
    assert calendars.uid(SECTION, event) == "4f2a@au.w4r"
