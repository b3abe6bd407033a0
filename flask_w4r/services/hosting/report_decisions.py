"""Reports of what was written at events: approved, they count; rejected or taken back, they do not. Once, either way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, Case, EventReport
from ...sections import Section
from ...state import Hooks
from ..moderation import rows
from ..moderation.rows import Undone
from ..tally import counts as tally
from .report_counts import counted

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
    """Approve or reject reports that still wait; see ``seam.QueueKind``."""

    def apply(batch: Batch, row: EventReport) -> None:
        row.state, row.held_at, row.updated_at = _LEAVES[act], None, now
        if act == "approve":
            session.flush()
            _count(session, section, row, 1)

    kept = ("state", "held_at", "updated_at")
    return rows.decide(session, section, REPORT, EventReport, ids, make_batch, kept=kept, apply=apply)


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give reports back to the queue; what was counted of them counts no more."""

    def uncount(row: EventReport) -> None:
        if batch.act == "approve":
            _count(session, section, row, -1)

    return rows.undo(
        session, section, batch, REPORT, EventReport, limit=limit, states=[_LEAVES[batch.act]], after=uncount
    )


def _count(session: Session, section: Section, report: EventReport, sign: int) -> None:
    numbers = counted(report)
    editions = dict(
        session.execute(
            select(Case.id, Case.edition_id).where(Case.section == section.code, Case.id.in_(list(numbers)))
        ).all()
    )
    # In the order of the key, so that two who count do not wait for each other in a ring.
    for case_id in sorted(editions):
        for kind in sorted(numbers[case_id]):
            tally.add(session, section, editions[case_id], case_id, kind, sign * numbers[case_id][kind])
