"""Events in the queue: published, or rejected with a reason that is mailed to the host; and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, Event, Rsvp
from ...sections import Section
from ...state import Hooks
from ..events import changes as event_changes
from ..events.views import as_shown
from ..moderation import rows
from ..moderation.rows import Undone
from . import lifecycle

EVENT = "event"
#: What may be other than before. What guests were told, and the calendar entry's number, cannot be taken back.
_KEPT = ("state", "held_at", "published_at", "updated_at", "approved")
_LEAVES = {"approve": ("published",), "reject": ("rejected", "cancelled")}


def decide(
    session: Session,
    hooks: Hooks,
    keyring: Keyring,
    section: Section,
    ids: Sequence[int],
    act: str,
    make_batch: Callable[[], Batch],
    now: datetime,
) -> Batch | None:
    """Publish or reject events that still wait; see ``seam.QueueKind``."""

    def apply(batch: Batch, row: Event) -> None:
        if act == "approve":
            lifecycle.publish(session, keyring, section, row.id, now=now)
        else:
            reason = keyring.open(batch.reason) if batch.reason else ""
            lifecycle.reject(session, keyring, section, row.id, reason=reason, now=now)

    return rows.decide(session, section, EVENT, Event, ids, make_batch, kept=_KEPT, apply=apply)


def _expected(session: Session, event: Event) -> bool:
    coming = select(Rsvp.id).where(
        Rsvp.event_id == event.id, Rsvp.state.in_(lifecycle.COMING), Rsvp.confirmed_at.is_not(None)
    )
    return session.scalar(coming.limit(1)) is not None


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give events back to the queue. A published one is public no more; mails that did not leave yet are not sent."""

    def take_off(row: Event) -> None:
        # Somebody may come already: they hear of it in the words that they know.
        if batch.act == "approve" and row.approved is None:
            row.approved = as_shown(row, hidden=True)
            # So that a no calls it off, and tells them.
            row.published_at = row.published_at or (batch.created_at if _expected(session, row) else None)

    done = rows.undo(session, section, batch, EVENT, Event, limit=limit, states=_LEAVES[batch.act], after=take_off)
    if done.restored and batch.finished_at is not None:
        event_changes.touch(session, section, batch.finished_at)
    return done
