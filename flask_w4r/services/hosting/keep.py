"""How long people who hosted and came are kept: until a while after the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from ...models import Event, Report, Rsvp
from ...seam import Sweep
from ..storage import ages
from ..storage.rows import execute

#: While a report of the host's waits for the desk, the host stays: the answer goes to them.
_REPORTS = exists().where(Report.hosted_id == Event.id, Report.state == "submitted")


def over(sweep: Sweep) -> Any:
    """Events that ended long ago and of which guests, or the host, are still known."""
    guests = exists().where(Rsvp.event_id == Event.id, or_(Rsvp.person.is_not(None), Rsvp.email_index.is_not(None)))
    hosts = and_(or_(Event.secret.is_not(None), Event.host_index.is_not(None)), ~_REPORTS)
    ended = ages.over(sweep, "event_days", Event.section, lambda moment: Event.ends_at < moment)
    return and_(ended, or_(guests, hosts))


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Wipe who came to events, and who hosted them and where exactly; numbers and towns stay.

    :param ids: of the events, which are locked.
    :returns: of how many events something was wiped.
    """
    execute(
        session,
        update(Rsvp)
        .where(Rsvp.event_id.in_(ids))
        .values(person=None, email_index=None, access_consent=False, reasons=[]),
    )
    answered = session.scalars(select(Event.id).where(Event.id.in_(ids), ~_REPORTS)).all()
    execute(session, update(Report).where(Report.hosted_id.in_(answered)).values(note=None))
    execute(session, update(Event).where(Event.id.in_(answered)).values(secret=None, host_index=None))
    return len(ids)
