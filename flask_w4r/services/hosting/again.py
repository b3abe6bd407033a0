"""The same event at another date."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import Event, EventCase
from ...sections import Section
from ..rsvps.seats import lock_event
from . import lifecycle, mail
from .draft import secret_of, slug_for
from .lifecycle import Done
from .times import moments


def duplicate(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    *,
    starts_local: datetime,
    ends_local: datetime,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> Done:
    """The same event at another date, for the desk to look at. Its host's address was proved already, and nobody comes
    to it yet.

    :raises BadValue: it would end before it begins.
    """
    insist(starts_at < ends_at, "ends_at", "be after the beginning")
    event = lock_event(session, section, event_id)
    if event is None or event.state not in ("submitted", "published", "cancelled", "over"):
        return Done(event_id, "gone")
    same = (
        "section", "kind", "visibility", "title", "description", "time_zone", "place_id", "town", "country",
        "public_lat", "public_lon", "host_index", "host_verified", "locale", "languages", "access_status",
        "access_notes", "capacity", "reasons", "score", "is_demo",
    )  # fmt: skip
    secret = {key: value for key, value in secret_of(event, keyring).items() if key != "told"}
    copy = Event(
        **{name: getattr(event, name) for name in same},
        slug=slug_for(event.title, event.visibility),
        uid=secrets.token_hex(16),
        sequence=0,
        state="submitted",
        held_at=now,
        secret=keyring.seal_json(secret),
        host_version=1,
        starts_local=starts_local,
        ends_local=ends_local,
        starts_at=starts_at,
        ends_at=ends_at,
        seats_taken=0,
        pending_seats=0,
        waiting=0,
        closed_at=now if event.kind == "school" else None,
        availability="open",
        availability_at=now,
        version=1,
        created_at=now,
        updated_at=now,
    )
    session.add(copy)
    session.flush()
    rows = [{"event_id": copy.id, "case_id": number} for number in lifecycle.case_ids(session, event_id)]
    if rows:
        session.execute(insert(EventCase), rows)
    mail.enqueue(session, keyring, section, copy, "event_link", now=now)
    return Done(copy.id, "created")


def suggested_dates(event: Event, *, now: datetime) -> tuple[datetime, datetime]:
    """Weeks after an event, at the same time: the first day ahead on which its clocks show it once."""
    days = timedelta(days=7)
    starts, ends = event.starts_local + days, event.ends_local + days
    while True:
        begins = moments(starts, event.time_zone)
        if len(begins) == len(moments(ends, event.time_zone)) == 1 and begins[0] > now:
            return starts, ends
        starts, ends = starts + days, ends + days
