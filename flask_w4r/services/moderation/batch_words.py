"""How long what staff wrote of a decision is kept: names and addresses may be among its conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.orm import Session

from ...models import Batch
from ...seam import Sweep
from ..storage import ages
from ..storage.rows import execute


def over(sweep: Sweep) -> Any:
    """Batches that ended so long ago that nobody reads why."""
    written = or_(Batch.reason.is_not(None), Batch.conditions.is_not(None))
    old = ages.over(sweep, "audit_days", Batch.section, lambda moment: Batch.finished_at < moment)
    return and_(written, Batch.state.in_(("done", "cancelled", "undone")), old)


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Wipe the words of batches. Returns of how many."""
    return execute(session, update(Batch).where(Batch.id.in_(ids)).values(reason=None, conditions=None))
