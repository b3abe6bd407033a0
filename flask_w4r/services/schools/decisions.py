"""What the desk does with schools: lets them in, or does not and says why; and takes it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, School
from ...sections import Section
from ...state import Hooks
from ..moderation import rows
from ..moderation.rows import Undone
from . import mails

SCHOOL = "school"
_LEAVES = {"approve": "approved", "reject": "rejected"}
_MAILS = {"approve": mails.LET_IN, "reject": mails.NOT_LET_IN}


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
    """Let schools in that wait, or not; see ``seam.QueueKind``."""

    def apply(batch: Batch, row: School) -> None:
        row.state, row.held_at, row.updated_at = _LEAVES[act], None, now
        reason = keyring.open(batch.reason) if batch.reason and act == "reject" else ""
        mails.tell(session, keyring, section, row, _MAILS[act], now=now, text=reason)

    kept = ("state", "held_at", "updated_at")
    return rows.decide(session, section, SCHOOL, School, ids, make_batch, kept=kept, apply=apply)


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give schools back to the queue. Their links open nothing until they are let in again; what was counted stays."""

    def shut(row: School) -> None:
        row.version += 1

    return rows.undo(session, section, batch, SCHOOL, School, limit=limit, states=[_LEAVES[batch.act]], after=shut)
