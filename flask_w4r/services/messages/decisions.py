"""What the desk decides about messages: passed on, or refused; and taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch, Case, Message
from ...sections import Section
from ...state import Hooks
from ..moderation import rows
from ..moderation.rows import Undone
from ..tally import counts as tally
from ..tally.keys import Key
from . import mails
from .written import ACTION, KIND

_LEAVES = {"approve": "approved", "reject": "refused"}
_KEPT = ("state", "held_at", "approved_at", "shown_at", "updated_at")


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
    """Approve or refuse messages that still wait; see ``seam.QueueKind``. Approved ones count."""
    passed: Counter[Key] = Counter()

    def apply(batch: Batch, row: Message) -> None:
        row.state, row.held_at, row.updated_at = _LEAVES[act], None, now
        if act == "approve":
            row.approved_at = now
            passed[key_of(section, row)] += 1
        elif batch.reason:
            session.flush()
            mails.refuse(session, keyring, section, row, keyring.open(batch.reason), now=now)

    batch = rows.decide(
        session, section, KIND, Message, _decidable(session, section, ids), make_batch, kept=_KEPT, apply=apply
    )
    tally.change(session, section, passed)
    return batch


def _decidable(session: Session, section: Section, ids: Sequence[int]) -> list[int]:
    """Those of cases that were not withdrawn: nothing is passed on to a person who asked for silence."""
    query = select(Message.id).join(Case, Case.id == Message.case_id).where(Case.status != "withdrawn")
    return list(session.scalars(query.where(Message.section == section.code, Message.id.in_(ids))))


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> Undone:
    """Give messages back to the queue; what counted counts no more. One that was printed meanwhile stays as it is."""
    back: Counter[Key] = Counter()

    def uncount(row: Message) -> None:
        if batch.act == "approve":
            back[key_of(section, row)] -= 1

    done = rows.undo(session, section, batch, KIND, Message, limit=limit, states=[_LEAVES[batch.act]], after=uncount)
    tally.change(session, section, back)
    return done


def key_of(section: Section, row: Message) -> Key:
    """What a message counts as: it was done on the day it was written, whenever the desk read it."""
    return Key(row.case_id, ACTION, day=section.local_date(row.created_at))
