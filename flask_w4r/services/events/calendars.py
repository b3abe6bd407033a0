"""Calendar entries (RFC 5545, RFC 5546): of one event, of a search, and of one party's place at an event.

Times stand on the clock of the event's own zone, with that zone's rules beside them. An event keeps its UID for good; a
guest's entry has the same one, so that an invitation takes the place of what was imported before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vDuration, vGeo, vText
from icalendar import Event as Entry

from ...i18n import gettext, listing
from ...sections import Section
from .views import EventView, event_title

PRODUCT = "-//flask_w4r//Write for Rights//EN"
#: How often a subscribed calendar is to ask again.
REFRESH = timedelta(hours=1)
#: Where no sender is configured, which only debugging and testing allow.
NOBODY = "w4r@localhost"
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_DAY = timedelta(days=1)


class _Geo(vGeo):
    """A point as RFC 5545 (3.8.1.6) has it: decimal degrees to six places, without an exponent near zero."""

    def to_ical(self) -> str:
        # Nought added: what rounds to nought has no sign.
        return f"{round(self.latitude, 6) + 0:.6f};{round(self.longitude, 6) + 0:.6f}"


@dataclass(frozen=True)
class Party:
    """What the calendar entry of one party has of its own; ``venue address lat lon online_url`` only where that party
    may know them.

    :param coming: ``False`` takes the entry out of the calendar.
    """

    email: str
    sequence: int
    updated_at: datetime
    coming: bool = True
    venue: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    online_url: str = ""


def uid(section: Section, event: EventView) -> str:
    """The event's name among all calendars of the world; the same whatever the site's address becomes."""
    return f"{event.uid}@{section.code.lower()}.w4r"


def event_calendar(event: EventView, section: Section, *, sender: str | None = None) -> bytes:
    """Return the file with one event, as everybody may have it.

    :param event: its ``url`` is a full one.
    :param sender: ``W4R_MAIL_SENDER``, who stands for the organiser; never the host's address.
    """
    cancelled = event.state == "cancelled"
    calendar = _calendar("PUBLISH", section, [event])
    calendar.add_component(_entry(event, section, sender, cancelled=cancelled))
    return bytes(calendar.to_ical())


def feed_calendar(
    events: Iterable[EventView], section: Section, *, name: str, url: str, sender: str | None = None
) -> bytes:
    """Return the calendar of a search, to subscribe to. What is in it blocks nobody's time.

    :param name: what the calendar is called.
    :param url: where it can be had again.
    """
    found = list(events)
    calendar = _calendar("PUBLISH", section, found)
    for key in ("NAME", "X-WR-CALNAME"):
        calendar.add(key, _clean(name))
    calendar.add("SOURCE", url, parameters={"VALUE": "URI"})
    calendar.add("REFRESH-INTERVAL", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    for event in found:
        entry = _entry(event, section, sender, cancelled=event.state == "cancelled")
        entry.add("TRANSP", "TRANSPARENT")
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


def party_calendar(event: EventView, party: Party, section: Section, *, sender: str | None = None) -> tuple[str, bytes]:
    """Return the entry of one party: an invitation that is accepted already, or its end.

    :returns: the method, which the MIME type must name too, and the file.
    """
    cancelled = event.state == "cancelled" or not party.coming
    method = "CANCEL" if cancelled else "REQUEST"
    calendar = _calendar(method, section, [event])
    entry = _entry(event, section, sender, cancelled=cancelled, party=party)
    guest = vCalAddress(f"MAILTO:{party.email}")
    guest.params["CUTYPE"] = vText("INDIVIDUAL")
    guest.params["ROLE"] = vText("REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = vText("DECLINED" if not party.coming else "ACCEPTED")
    guest.params["RSVP"] = vText("FALSE")
    entry.add("ATTENDEE", guest, encode=False)
    calendar.add_component(entry)
    return method, bytes(calendar.to_ical())


def _calendar(method: str, section: Section, events: Sequence[EventView]) -> Calendar:
    calendar = Calendar()
    for key, value in (("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", method)):
        calendar.add(key, value)
    years: dict[str, list[int]] = {}
    for event in events:
        if _on_local_clock(event):
            years.setdefault(event.time_zone, []).extend((event.starts_local.year, event.ends_local.year))
    for zone in sorted(years):
        calendar.add_component(zone_rules(zone, min(years[zone]), max(years[zone])))
    return calendar


def _entry(
    event: EventView, section: Section, sender: str | None, *, cancelled: bool, party: Party | None = None
) -> Entry:
    entry = Entry()
    changed = max(event.updated_at, party.updated_at) if party else event.updated_at
    entry.add("UID", uid(section, event))
    # Both only ever rise, so their sum does.
    entry.add("SEQUENCE", event.sequence + (party.sequence if party else 0))
    # Not the moment of asking: the same event is the same bytes.
    entry.add("DTSTAMP", changed.astimezone(UTC))
    entry.add("LAST-MODIFIED", changed.astimezone(UTC))
    entry.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    starts, ends = _moments(event)
    entry.add("DTSTART", starts)
    entry.add("DTEND", ends)
    entry.add("SUMMARY", _clean(event_title(event, cancelled=cancelled and party is None)))
    entry.add("DESCRIPTION", _clean(_description(event, party)))
    if where := _where(event, party):
        entry.add("LOCATION", _clean(where))
    lat, lon = (party.lat, party.lon) if party and party.lat is not None else (event.lat, event.lon)
    if lat is not None and lon is not None:
        entry.add("GEO", _Geo((lat, lon)))
    entry.add("URL", event.url)
    name, address = parseaddr(sender or NOBODY)
    organizer = vCalAddress(f"MAILTO:{address}")
    organizer.params["CN"] = vText(_clean(section.name or name))
    entry.add("ORGANIZER", organizer, encode=False)
    return entry


def _description(event: EventView, party: Party | None) -> str:
    parts = [gettext("Demo event: not real.")] if event.is_demo else []
    if party and party.online_url:
        parts.append(gettext("Join online") + f": {party.online_url}")
    parts.append(event.description.strip())
    if event.cases:
        parts.append(gettext("Writing for") + f": {listing(case.name for case in event.cases)}")
    if event.access_notes:
        parts.append(gettext("Accessibility") + f": {event.access_notes}")
    parts.append(event.url)
    return "\n\n".join(part for part in parts if part)


def _where(event: EventView, party: Party | None) -> str:
    if not event.has_place:
        return party.online_url if party and party.online_url else gettext("Online")
    venue = (party.venue if party else "") or event.venue
    address = (party.address if party else "") or event.address
    return ", ".join(part for part in (venue, address, event.town) if part)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _on_local_clock(event: EventView) -> bool:
    """Whether the event's local times say all. One in the hour that a clock shows twice means the first of the two
    (RFC 5545, 3.3.5), so the second is given in UTC."""
    zone = _zone(event.time_zone)
    if zone is None or event.time_zone == "UTC":
        return False
    pairs = ((event.starts_local, event.starts_at), (event.ends_local, event.ends_at))
    for local, moment in pairs:
        first = local.replace(tzinfo=zone, fold=0)
        second = local.replace(tzinfo=zone, fold=1)
        if first.utcoffset() != second.utcoffset() and first.astimezone(UTC) != moment:
            return False
    return True


def _moments(event: EventView) -> tuple[datetime, datetime]:
    if not _on_local_clock(event):
        return event.starts_at.astimezone(UTC), event.ends_at.astimezone(UTC)
    zone = ZoneInfo(event.time_zone)
    return event.starts_local.replace(tzinfo=zone), event.ends_local.replace(tzinfo=zone)


def zone_rules(name: str, first_year: int, last_year: int) -> Timezone:
    """Return a zone's rules (VTIMEZONE) for these years, not for all of history.

    :param name: an IANA name; other programs know it too.
    """
    rules = Timezone()
    rules.add("TZID", name)
    for daylight, label, before, after, local in _onsets(name, first_year, last_year):
        part: Any = TimezoneDaylight() if daylight else TimezoneStandard()
        part.add("DTSTART", local)
        part.add("TZOFFSETFROM", before)
        part.add("TZOFFSETTO", after)
        part.add("TZNAME", label)
        rules.add_component(part)
    return rules


@lru_cache(maxsize=256)
def _onsets(name: str, first_year: int, last_year: int) -> tuple[tuple[bool, str, timedelta, timedelta, datetime], ...]:
    """Each change of a zone's clock: is it to daylight saving, its name, the offsets before and after, and when by the
    clock before. The first is the state in which the time begins."""
    zone = ZoneInfo(name)

    def state(moment: datetime) -> tuple[timedelta, bool, str]:
        local = moment.astimezone(zone)
        return local.utcoffset() or timedelta(0), bool(local.dst()), local.tzname() or name

    # Two days each way, since a year begins up to 14 hours earlier or later elsewhere.
    moment = datetime(first_year, 1, 1, tzinfo=UTC) - 2 * _DAY
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC) + 2 * _DAY
    now = state(moment)
    found = [(now[1], now[2], now[0], now[0], (moment + now[0]).replace(tzinfo=None))]
    while moment < end:
        later = moment + _DAY
        if state(later) != now:
            low, high = moment, later
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if state(middle) == now else (low, middle)
            then = state(high)
            found.append((then[1], then[2], now[0], then[0], (high + now[0]).replace(tzinfo=None)))
            now, later = then, high
        moment = later
    return tuple(found)


def _clean(text: str) -> str:
    """Text without the control characters that calendars may not hold."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
