"""How long RSVPs that were never confirmed are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...models import Rsvp
from ..storage.rows import execute


def purge_pending(session: Session, *, before: datetime, limit: int) -> int:
    """Delete RSVPs that waited for their mailbox since before a moment, ``limit`` of them at most."""
    # What still holds seats is swept first, with its event locked.
    gone = (Rsvp.state == "pending", Rsvp.seats_held == 0, Rsvp.updated_at < before)
    ids = session.scalars(select(Rsvp.id).where(*gone).order_by(Rsvp.id).limit(limit).with_for_update()).all()
    return execute(session, delete(Rsvp).where(Rsvp.id.in_(ids), *gone)) if ids else 0
