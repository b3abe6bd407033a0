"""Invalidations: many signatures made invalid by condition. Previewed, proposed, approved above a thousand, taken back.

The run itself, in pieces and by the worker, is in :mod:`~flask_w4r.services.petitions.invalidation_run`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, PermissionDenied, W4RError
from ...keyring import Keyring
from ...models import Batch
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.permissions import require
from .invalidation_conditions import ConditionFault, Conditions
from .invalidation_preview import ALONE_AT_MOST, SAMPLES, Preview, Sample, look, preview, typed_conditions

__all__ = [
    "ACTS", "ALONE_AT_MOST", "KIND", "LONGEST_REASON", "SAMPLES", "ConditionFault", "Conditions", "Preview", "Sample",
    "StateMoved", "can", "conditions_of", "do", "get", "page", "preview", "propose",
]  # fmt: skip

KIND = "invalidation"
LONGEST_REASON = 500


class StateMoved(W4RError):
    """The invalidation is not in a state that allows this (any more); somebody else was first."""


def propose(
    session: Session,
    keyring: Keyring,
    section: Section,
    conditions: Conditions,
    *,
    now: datetime,
    hooks: Hooks,
    actor: Actor | None,
    reason: str,
    last_id: int | None = None,
    start: bool = True,
) -> Batch:
    """Write an invalidation down for the worker to run.

    :param reason: why, in the moderator's words; sealed.
    :param last_id: from the preview that was looked at: later signatures are not meant.
    :param start: ``False`` leaves it a draft. Otherwise it is queued, or waits for a second person where it means
        more than :data:`ALONE_AT_MOST` signatures.
    :returns: the new batch; run :func:`~flask_w4r.services.petitions.invalidation_run.run_due` to have it done.
    :raises PermissionDenied: they may not invalidate here.
    :raises ConditionFault: there are no conditions, or one cannot be used; ``reason`` when there is none.
    """
    staff = require(hooks, actor, Permission.INVALIDATE, section)
    conditions.check()
    if conditions.names_a_mailbox:
        require(hooks, actor, Permission.FIND_PERSON, section)
    reason = reason.strip()
    if not reason:
        raise ConditionFault("why", "empty")
    if len(reason) > LONGEST_REASON:
        raise ConditionFault("why", "too_long")
    found = look(session, keyring, section, conditions)
    batch = Batch(
        section=section.code, kind=KIND, act="invalidate", actor_id=staff.id, reason=keyring.seal(reason),
        state=_begun(found.count) if start else "draft", conditions=keyring.seal_json(conditions.as_json()),
        expected=found.count, scanned=0, applied=0, undone=0, skipped=0, cursor=0, created_at=now,
        last_id=found.last_id if last_id is None else max(0, min(last_id, found.last_id)),
    )  # fmt: skip
    session.add(batch)
    session.flush()
    changes = {
        "state": [None, batch.state],
        "reason": [None, audit.typed(keyring, section, reason)],
        **typed_conditions(keyring, section, conditions),
    }
    _log(session, keyring, section, staff.id, "invalidation_proposed", batch, changes, found.count, now)
    return batch


def _begun(count: int) -> str:
    return "waiting" if count > ALONE_AT_MOST else "queued"


def _log(
    session: Session, keyring: Keyring, section: Section, actor_id: str, action: str, batch: Batch,
    changes: dict[str, Any], count: int, now: datetime,
) -> None:  # fmt: skip
    audit.append(
        session, keyring, section, actor_id, action, f"batch:{batch.id}", changes=changes, count=count, now=now
    )


#: What a member of staff can do with an invalidation, and from which states.
ACTS = {
    "start": ("draft",),
    "approve": ("waiting",),
    "cancel": ("draft", "waiting", "queued", "running"),
    "undo": ("done", "cancelled"),
}
_LOGGED = {
    "start": "invalidation_started",
    "approve": "invalidation_approved",
    "cancel": "invalidation_cancelled",
    "undo": "invalidation_undo_asked",
}


def can(batch: Batch, act: str, actor_id: str) -> bool:
    """Whether somebody who may invalidate could do this with the batch as it stands."""
    if batch.kind != KIND or batch.state not in ACTS[act]:
        return False
    if act == "undo":
        return batch.applied > batch.undone + batch.skipped
    return act != "approve" or batch.actor_id != actor_id


def do(
    session: Session,
    keyring: Keyring,
    section: Section,
    number: int,
    act: str,
    *,
    now: datetime,
    hooks: Hooks,
    actor: Actor | None,
) -> Batch:
    """Start a draft, approve what another proposed, cancel what is not done, or have what was done undone.

    A run looks at a cancel between two pieces; what it did until then stands, and can be undone.

    :param act: one of :data:`ACTS`.
    :returns: the batch as it stands now.
    :raises PermissionDenied: they may not invalidate here, or would approve what they proposed.
    :raises NotFound: the section has no such invalidation.
    :raises StateMoved: it is in a state that does not allow this.
    """
    staff = require(hooks, actor, Permission.INVALIDATE, section)
    batch = get(session, section, number, lock=True)
    if not can(batch, act, staff.id):
        if act == "approve" and batch.state == "waiting":
            raise PermissionDenied("somebody else must approve")
        raise StateMoved(batch.state)
    before = batch.state
    if act == "start":
        batch.state = _begun(batch.expected)
    elif act == "approve":
        batch.state, batch.approved_by = "queued", staff.id
    elif act == "cancel":
        batch.state, batch.finished_at = "cancelled", now
    else:
        batch.state, batch.finished_at = "undo_queued", None
    batch.claimed_by = batch.lease_until = None
    session.flush()
    count = batch.applied if act in ("cancel", "undo") else batch.expected
    _log(session, keyring, section, staff.id, _LOGGED[act], batch, {"state": [before, batch.state]}, count, now)
    return batch


def get(session: Session, section: Section, number: int, *, lock: bool = False) -> Batch:
    """An invalidation of the section.

    :param lock: keep it from others until the transaction ends.
    :raises NotFound: there is none.
    """
    query = select(Batch).where(Batch.id == number, Batch.section == section.code, Batch.kind == KIND)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    batch = session.scalars(query).first()
    if batch is None:
        raise NotFound(str(number))
    return batch


def shown(session: Session, hooks: Hooks, actor: Actor | None, section: Section, number: int) -> Batch:
    """An invalidation, for a member of staff to look at.

    :raises PermissionDenied: they may not invalidate here.
    :raises NotFound: there is none.
    """
    require(hooks, actor, Permission.INVALIDATE, section)
    return get(session, section, number)


def page(
    session: Session, hooks: Hooks, actor: Actor | None, section: Section, *, before: int | None, limit: int
) -> list[Batch]:
    """The section's invalidations, newest first: those below ``before``.

    :raises PermissionDenied: the actor may not invalidate here.
    """
    require(hooks, actor, Permission.INVALIDATE, section)
    query = select(Batch).where(Batch.section == section.code, Batch.kind == KIND)
    if before is not None:
        query = query.where(Batch.id < before)
    return list(session.scalars(query.order_by(Batch.id.desc()).limit(limit)))


def conditions_of(keyring: Keyring, batch: Batch) -> Conditions:
    """The conditions of an invalidation, opened; none once their time was over."""
    return Conditions.from_json(keyring.open_json(batch.conditions)) if batch.conditions else Conditions()
