"""Events and parties put straight into the tables, as if they had come by their ways."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from flask_w4r.keyring import Keyring
from flask_w4r.models import Event, EventCase, Rsvp
from flask_w4r.sections import Section
from flask_w4r.services.rsvps.lifecycle import email_scope

SECRET = {
    "venue_name": "Old Library",
    "address": "8 Hidden Street",
    "lat": -33.9012,
    "lon": 151.1812,
    "online_url": "https://meet.example/room",
    "host_name": "Sam Host",
    "host_email": "sam.host@example.org",
}


def event_values(keyring: Keyring, section: Section, *, now: datetime, **columns: Any) -> dict[str, Any]:
    """The columns of an event: published, public, in ten days from two to four in Newtown, Sydney.

    :param columns: others than these; ``secret`` as a table, ``starts_local`` and ``ends_local`` with ``time_zone``.
    """
    zone = ZoneInfo(columns.pop("time_zone", "Australia/Sydney"))
    day = (now + timedelta(days=10)).astimezone(zone).replace(tzinfo=None)
    starts = columns.pop("starts_local", day.replace(hour=14, minute=0, second=0, microsecond=0))
    ends = columns.pop("ends_local", starts + timedelta(hours=2))
    values: dict[str, Any] = {
        "section": section.code, "slug": "letters", "uid": "0a1b2c3d", "sequence": 0, "state": "published",
        "kind": "public", "visibility": "exact", "title": "Letters in Newtown", "description": "Bring a pen.",
        "starts_local": starts, "ends_local": ends, "time_zone": zone.key, "starts_at": starts.replace(tzinfo=zone),
        "ends_at": ends.replace(tzinfo=zone), "place_id": None, "town": "Newtown", "country": "AU",
        "public_lat": -33.898, "public_lon": 151.179, "host_index": None, "host_verified": False, "host_version": 1,
        "locale": section.default_locale, "languages": ["en"], "access_status": "unknown", "access_notes": "",
        "capacity": 10, "seats_taken": 0, "pending_seats": 0, "waiting": 0, "closed_at": None, "availability": "open",
        "availability_at": now, "held_at": None, "reasons": [], "score": 0, "is_demo": False, "version": 1,
        "created_at": now, "updated_at": now, "published_at": now,
    }  # fmt: skip
    secret = {**SECRET, **columns.pop("secret", {})}
    return {**values, "secret": keyring.seal_json(secret), **columns}


def add_event(
    session: Session, keyring: Keyring, section: Section, *, now: datetime, cases: tuple[int, ...] = (), **columns: Any
) -> Event:
    """Put an event in the table; see :func:`event_values`."""
    event = Event(**event_values(keyring, section, now=now, **columns))
    session.add(event)
    session.flush()
    session.add_all(EventCase(event_id=event.id, case_id=case) for case in cases)
    return event


def add_rsvp(
    session: Session, keyring: Keyring, section: Section, event: Event, *, now: datetime, **columns: Any
) -> Rsvp:
    """Put a party of two that is going in the table, and its seats on the event.

    :param columns: others than these; ``name`` and ``email`` work too.
    """
    email = columns.pop("email", "guest@example.org")
    values: dict[str, Any] = {
        "section": section.code, "event_id": event.id, "state": "going",
        "email_index": keyring.blind(email_scope(section, event.id), email),
        "person": keyring.seal_json({"name": columns.pop("name", "Gus Guest"), "email": email}),
        "access_consent": False, "party_size": 2, "locale": section.default_locale, "due_at": None,
        "waitlisted_at": None, "confirmed_at": now, "reminded": [], "sequence": 1, "version": 1, "held_at": None,
        "reasons": [], "score": 0, "created_at": now, "updated_at": now,
    }  # fmt: skip
    values |= columns
    holds = values["state"] in ("going", "offered")
    values.setdefault("seats_held", values["party_size"] if holds else 0)
    rsvp = Rsvp(**values)
    session.add(rsvp)
    event.seats_taken += rsvp.seats_held
    event.pending_seats += rsvp.seats_held if rsvp.state == "pending" else 0
    event.waiting += rsvp.state == "waitlisted"
    session.flush()
    return rsvp
