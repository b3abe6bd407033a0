"""How long RSVPs that were never confirmed are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete
from sqlalchemy.orm import Session

from ...models import Rsvp
from ...seam import Sweep
from ..storage import ages
from ..storage.rows import execute


def over(sweep: Sweep) -> Any:
    """RSVPs that waited for their mailbox for too long."""
    # What still holds seats is swept first, with its event locked.
    waits = (Rsvp.state == "pending", Rsvp.seats_held == 0)
    return and_(*waits, ages.over(sweep, "pending_days", Rsvp.section, lambda moment: Rsvp.updated_at < moment))


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Delete RSVPs that wait still. Returns how many went."""
    return execute(session, delete(Rsvp).where(Rsvp.id.in_(ids), over(sweep)))
