"""What the desk does with reports: approved, they count; rejected or taken back, they do not. Once, either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, Report
from ...sections import Section
from ...state import Hooks
from ..moderation import rows
from ..moderation.rows import Undone
from ..tally.keys import CORRECTED, INTERIM
from .counting import settle

REPORT = "report"
_LEAVES = {"approve": "approved", "reject": "rejected"}


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
    """Approve or reject reports that still wait; see ``seam.QueueKind``. One that takes an earlier one's place replaces it."""

    def apply(batch: Batch, row: Report) -> None:
        row.state, row.held_at, row.updated_at = _LEAVES[act], None, now
        earlier = _replaced(session, section, row, "approved", "replaced", act)
        if act == "approve" and (any(one.is_counted for one in earlier) or _counts_for(session, row.school_id)):
            row.status = CORRECTED
        settle(session, section, [row, *earlier])

    kept = ("state", "held_at", "updated_at")
    return rows.decide(session, section, REPORT, Report, ids, make_batch, kept=kept, apply=apply)


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give reports back to the queue; what was counted of them counts no more, and what they replaced counts again."""

    def uncount(row: Report) -> None:
        settle(session, section, [row, *_replaced(session, section, row, "replaced", "approved", batch.act)])
        # Only now: it was counted as what it was.
        row.status = INTERIM

    return rows.undo(session, section, batch, REPORT, Report, limit=limit, states=[_LEAVES[batch.act]], after=uncount)


def _counts_for(session: Session, school_id: int | None) -> bool:
    """Whether a school's report counts already."""
    mine = select(Report.id).where(Report.school_id == school_id, Report.is_counted.is_(True)).limit(1)
    return school_id is not None and session.scalar(mine) is not None


def _replaced(session: Session, section: Section, row: Report, before: str, after: str, act: str) -> list[Report]:
    """The report whose place another takes: it comes to its new state, where it is in the other still."""
    if row.replaces_id is None or act != "approve":
        return []
    query = select(Report).where(Report.section == section.code, Report.id == row.replaces_id, Report.state == before)
    found = list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    for earlier in found:
        earlier.state = after
        # Its own batch must not give it back as if nothing had happened since.
        earlier.version += 1
    return found
