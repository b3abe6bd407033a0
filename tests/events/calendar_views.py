"""An event as its calendars get it, and a calendar as another library than the one that wrote it reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import vobject
from dateutil.tz import tzical

from flask_w4r.sections import Section
from flask_w4r.services.events.views import EventCaseView, EventView

SECTION = Section("AU", "Amnesty Example", "AU", ("en", "ar"), "en", "Australia/Sydney")
SENDER = "Write for Rights <w4r@mail.example.org>"


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
