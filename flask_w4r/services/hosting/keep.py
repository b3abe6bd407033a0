"""How long people who hosted and came are kept: until a while after the event."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from ...models import Event, EventReport, Rsvp
from ..storage.rows import execute


def forget_people(session: Session, *, before: datetime, limit: int) -> int:
    """Wipe who came to events that ended long ago, and who hosted them and where exactly; numbers and towns stay.

    While a report of the host's waits for the desk, the host stays: the answer goes to them.

    :param before: events that ended before this moment.
    :param limit: so many events at most.
    :returns: of how many events something was wiped.
    """
    guests = exists().where(Rsvp.event_id == Event.id, or_(Rsvp.person.is_not(None), Rsvp.email_index.is_not(None)))
    reports = exists().where(EventReport.event_id == Event.id, EventReport.state == "submitted")
    hosts = and_(or_(Event.secret.is_not(None), Event.host_index.is_not(None)), ~reports)
    old = select(Event.id).where(Event.ends_at < before, or_(guests, hosts)).order_by(Event.id).limit(limit)
    ids = session.scalars(old.with_for_update()).all()
    if not ids:
        return 0
    execute(
        session,
        update(Rsvp)
        .where(Rsvp.event_id.in_(ids))
        .values(person=None, email_index=None, access_consent=False, reasons=[]),
    )
    done = select(Event.id).where(Event.id.in_(ids), ~reports)
    answered = session.scalars(done).all()
    execute(session, update(EventReport).where(EventReport.event_id.in_(answered)).values(note=None))
    execute(session, update(Event).where(Event.id.in_(answered)).values(secret=None, host_index=None))
    return len(ids)
