"""A moderator's decisions: on many rows at once, never twice on one, and taken back as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...keyring import Keyring
from ...models import Batch, BatchRow
from ...seam import QueueKind
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.permissions import require
from .rows import Undone

ACTS = ("approve", "reject")
#: Rows in one decision.
MOST = 200
_LOGGED = {"approve": "queue_approved", "reject": "queue_rejected"}


@dataclass(frozen=True)
class Decided:
    """What a decision did: its batch (``None`` if nothing was left to decide), rows done, rows decided before."""

    kind: str
    batch_id: int | None
    done: int
    already: int
    #: The rows decided now; empty for kinds of which nobody is told one by one.
    ids: Sequence[int] = ()


@dataclass(frozen=True)
class PastDecision:
    """A decision that can be taken back, or was."""

    id: int
    act: str
    state: str
    applied: int
    undone: int
    skipped: int
    at: datetime


def must_say_why(hooks: Hooks, items: Iterable[str], act: str) -> bool:
    """Whether a decision on these kinds needs a reason: somebody is mailed it.

    :param items: kinds, or ids by kind.
    """
    return act == "reject" and any(hooks.seam.queue[kind].needs_reason for kind in items)


def parse_items(hooks: Hooks, items: Iterable[str]) -> dict[str, list[int]] | None:
    """Read ``signature:17`` and the like.

    :returns: ids by kind, each once; ``None`` when one is no such thing, or when there are none or too many.
    """
    found: dict[str, set[int]] = {}
    for item in items:
        kind, _, number = item.partition(":")
        if (
            kind not in hooks.seam.queue
            or not (number.isascii() and number.isdigit())
            or not 0 < int(number[:20]) < 2**63
        ):
            return None
        found.setdefault(kind, set()).add(int(number))
    total = sum(map(len, found.values()))
    return {kind: sorted(ids) for kind, ids in found.items()} if 0 < total <= MOST else None


def decide(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    items: dict[str, list[int]],
    act: str,
    reason: str | None,
    *,
    now: datetime,
) -> list[Decided]:
    """Approve or reject what waits.

    Rows that somebody else decided since the page was opened, and rows of other sections, are left alone.

    :param items: ids by kind, as :func:`parse_items` gives them.
    :param act: ``approve`` or ``reject``.
    :param reason: the moderator's words, kept sealed with the batch; the log has a keyed hash.
    :returns: one entry for each kind among the items.
    :raises PermissionDenied: the actor may not decide here.
    :raises BadValue: there is no such act, or no such kind.
    """
    who = require(hooks, actor, Permission.DECIDE, section)
    insist(act in _LOGGED, "act", f"be one of {', '.join(_LOGGED)}")
    insist(set(items) <= set(hooks.seam.queue), "items", f"be of {', '.join(hooks.seam.queue)}")
    done: list[Decided] = []
    for kind, ids in sorted(items.items()):

        def make_batch(expected: int = len(ids)) -> Batch:
            batch = Batch(
                section=section.code, kind="decision", state="done", act=act, actor_id=who.id, expected=expected,
                scanned=expected, applied=0, undone=0, skipped=0, cursor=0, last_id=0,
                reason=keyring.seal(reason) if reason else None, created_at=now, finished_at=now,
            )  # fmt: skip
            session.add(batch)
            session.flush()
            return batch

        batch = hooks.seam.queue[kind].decide(session, hooks, keyring, section, ids, act, make_batch, now)
        done.append(_decided(session, hooks.seam.queue[kind], batch, len(ids)))
    # The log comes last: until the transaction ends, others who write to it wait.
    for one in done:
        if one.batch_id is not None:
            changes = {"reason": [None, audit.typed(keyring, section, reason)]} if reason else {}
            audit.append(
                session, keyring, section, who.id, _LOGGED[act], f"batch:{one.batch_id}",
                changes=changes, count=one.done, now=now,
            )  # fmt: skip
    return done


def _decided(session: Session, kind: QueueKind, batch: Batch | None, asked: int) -> Decided:
    if batch is None:
        return Decided(kind.name, None, 0, asked)
    rows = select(BatchRow.item_id).where(BatchRow.batch_id == batch.id).order_by(BatchRow.item_id)
    ids = tuple(session.scalars(rows)) if kind.named else ()
    return Decided(kind.name, batch.id, batch.applied, asked - batch.applied, ids)


def undo(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    batch_id: int,
    *,
    now: datetime,
) -> Undone | None:
    """Take a decision back: each row is as it was before. Rows changed or erased since are left alone.

    :returns: how many were given back and left alone; ``None`` when it had been taken back already.
    :raises PermissionDenied: the actor may not decide here.
    :raises NotFound: the section has no such decision.
    """
    who = require(hooks, actor, Permission.DECIDE, section)
    if not 0 < batch_id < 2**63:
        raise NotFound(f"batch {batch_id}")
    query = select(Batch).where(Batch.id == batch_id, Batch.section == section.code, Batch.kind == "decision")
    batch = session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    if batch is None:
        raise NotFound(f"batch {batch_id}")
    if batch.state != "done":
        return None
    restored = skipped = 0
    batch.state, batch.finished_at = "undone", now
    # A decision's rows are of one kind.
    kind = session.scalars(select(BatchRow.kind).where(BatchRow.batch_id == batch.id).limit(1)).first()
    while kind is not None:
        some = hooks.seam.queue[kind].undo(session, keyring, section, batch, limit=MOST)
        if not some.restored and not some.skipped:
            break
        restored, skipped = restored + some.restored, skipped + some.skipped
    session.flush()
    audit.append(
        session, keyring, section, who.id, "decision_undone", f"batch:{batch_id}",
        changes={"skipped": [0, skipped]} if skipped else {}, count=restored, now=now,
    )  # fmt: skip
    return Undone(restored, skipped)


def recent(
    session: Session, hooks: Hooks, actor: Actor | None, section: Section, *, limit: int = 5
) -> Sequence[PastDecision]:
    """The actor's own last decisions in the section, newest first.

    :raises PermissionDenied: the actor may not see the queue.
    """
    who = require(hooks, actor, Permission.VIEW_QUEUE, section)
    insist(limit >= 1, "limit", "be at least 1")
    rows = session.scalars(
        select(Batch)
        .where(Batch.section == section.code, Batch.kind == "decision", Batch.actor_id == who.id)
        .order_by(Batch.id.desc())
        .limit(limit)
    )
    return [
        PastDecision(row.id, row.act, row.state, row.applied, row.undone, row.skipped, row.created_at) for row in rows
    ]
