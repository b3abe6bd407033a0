"""Made-up events, for a host's own tests: see :func:`flask_w4r.testing.make_events`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import insert, select

from ..models import Case, Event, EventCase
from ..sections import Section
from ..services.events.changes import touch
from ..services.storage.unit_of_work import UnitOfWork, run
from ..state import W4RState, get_state

_AT_ONCE = 1000


def make_events(
    app: Flask, count: int, *, section: str | None = None, cases: Iterable[str] = (), **columns: Any
) -> list[int]:
    """Put published events in the database as if hosts had made them: one a day, in one town.

    :param section: the section's code; default: the only one.
    :param cases: slugs of the cases that they write for.
    :param columns: columns of ``Event`` for all of them, such as ``kind="private"`` or ``capacity=10``; a function takes
        the event's number, from 1, and returns the value. ``venue_name address lat lon online_url host_name host_email``
        go into what is sealed. ``starts_at`` and ``ends_at`` set the local times too.
    :returns: their ids.
    """
    state = get_state(app)
    place = state.sections[section] if section else next(iter(state.sections.values()))

    def work(uow: UnitOfWork) -> list[int]:
        found = uow.session.scalars(select(Case.id).where(Case.section == place.code, Case.slug.in_(list(cases)))).all()
        ids: list[int] = []
        seals: dict[str, Any] = {}
        for first in range(1, count + 1, _AT_ONCE):
            rows = []
            for number in range(first, min(first + _AT_ONCE, count + 1)):
                own = {name: value(number) if callable(value) else value for name, value in columns.items()}
                rows.append(_made_up(state, place, number, own, seals))
            new = uow.session.scalars(insert(Event).returning(Event.id, sort_by_parameter_order=True), rows).all()
            ids += new
            links = [{"event_id": event_id, "case_id": case_id} for event_id in new for case_id in found]
            if links:
                uow.session.execute(insert(EventCase), links)
        touch(uow.session, place, state.clock())
        return ids

    return run(app, work)


def _made_up(
    state: W4RState, section: Section, number: int, own: dict[str, Any], seals: dict[str, Any]
) -> dict[str, Any]:
    now = state.clock()
    zone = own.get("time_zone", section.time_zone)
    starts_at = own.pop("starts_at", now + timedelta(days=number % 300 + 1))
    ends_at = own.pop("ends_at", starts_at + timedelta(hours=2))
    email = own.pop("host_email", "host@example.org")
    secret = {
        "venue_name": own.pop("venue_name", "Town Hall"), "address": own.pop("address", "1 Example Street"),
        "lat": own.pop("lat", -33.8688), "lon": own.pop("lon", 151.2093), "online_url": own.pop("online_url", ""),
        "host_name": own.pop("host_name", "Hana"), "host_email": email,
    }  # fmt: skip
    # Sealing is the slow part, and most of them hold the same.
    text = repr(sorted(secret.items()))
    if text not in seals:
        seals[text] = state.keyring.seal_json(secret)
    local = {
        "starts_local": starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None),
        "ends_local": ends_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None),
    }
    return {
        "section": section.code, "slug": f"made-up-{number}", "uid": f"made-up-{number}", "state": "published",
        "sequence": 0, "kind": "public", "visibility": "exact", "title": f"Writing night {number}",
        "description": "Bring a pen.", "time_zone": zone, "starts_at": starts_at, "ends_at": ends_at, **local,
        "place_id": None, "town": "Sydney", "country": section.country, "public_lat": -33.8688,
        "public_lon": 151.2093, "secret": seals[text], "host_verified": False, "host_version": 1,
        "host_index": state.keyring.blind(f"host|{section.code}", str(email)), "locale": section.default_locale,
        "languages": [section.default_locale], "access_status": "step_free", "access_notes": "", "capacity": 20,
        "seats_taken": 0, "pending_seats": 0, "waiting": 0, "availability": "open", "availability_at": now,
        "reasons": [], "score": 0, "is_demo": False, "version": 1, "created_at": now, "updated_at": now,
        "published_at": now, **own,
    }  # fmt: skip
