"""What an invalidation would do: how many signatures its conditions mean, and a few of the newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.addresses import mask_address
from ..people.names import full_name
from ..people.permissions import require
from .invalidation_conditions import Conditions, Opened, clauses

#: Above so many rows a second person approves.
ALONE_AT_MOST = 1000
#: A preview opens so many rows at most, the newest.
OPENED_AT_MOST = 2000
SAMPLES = 12
#: The log keeps these as they are; whatever else a condition says was typed.
_PLAIN = frozenset({"since", "until", "min_score", "reason", "state", "only_held", "case"})


@dataclass(frozen=True)
class Sample:
    """A signature that would become invalid, as staff see it."""

    id: int
    address: str
    name: str
    case: str
    state: str
    held: bool
    created: datetime
    score: int


@dataclass(frozen=True)
class Preview:
    """What an invalidation would do now."""

    #: How many signatures are meant. Reckoned from those looked at where ``is_estimate``.
    count: int
    is_estimate: bool
    #: How many rows were opened to tell; 0 where the database could tell by itself.
    scanned: int
    #: How many of those looked at are meant.
    found: int
    #: How many rows the conditions leave that need no opening.
    candidates: int
    #: The newest signature there was: one that comes later is not meant by a run proposed with it.
    last_id: int
    samples: tuple[Sample, ...]

    @property
    def needs_second(self) -> bool:
        """Whether a second person will have to approve."""
        return self.count > ALONE_AT_MOST


def preview(
    session: Session,
    keyring: Keyring,
    section: Section,
    conditions: Conditions,
    *,
    now: datetime,
    hooks: Hooks,
    actor: Actor | None,
) -> Preview:
    """Count what conditions mean, and show a few of the newest.

    Where rows must be opened to tell, at most :data:`OPENED_AT_MOST` are, the newest, and the look is logged: a
    pattern can be made to ask whether one person signed. A whole address needs the permission to ask that.

    :param session: one that writes.
    :raises PermissionDenied: they may not invalidate here.
    :raises ConditionFault: there are no conditions, or one cannot be used.
    """
    staff = require(hooks, actor, Permission.INVALIDATE, section)
    conditions.check()
    if conditions.names_a_mailbox:
        require(hooks, actor, Permission.FIND_PERSON, section)
    found = look(session, keyring, section, conditions)
    if conditions.opens:
        changes = typed_conditions(keyring, section, conditions)
        subject = f"section:{section.code}"
        audit.append(
            session, keyring, section, staff.id, "invalidation_previewed", subject,
            changes=changes, count=found.scanned, now=now,
        )  # fmt: skip
    return found


def look(session: Session, keyring: Keyring, section: Section, conditions: Conditions) -> Preview:
    """:func:`preview` without the permission and the log: for what was previewed already."""
    where = clauses(session, keyring, section, conditions)
    last_id = session.scalar(select(func.max(Signature.id)).where(Signature.section == section.code)) or 0
    where.append(Signature.id <= last_id)
    candidates = session.scalar(select(func.count()).select_from(Signature).where(*where)) or 0
    limit = OPENED_AT_MOST if conditions.opens else SAMPLES
    opened = Opened(keyring, conditions)
    newest = session.execute(
        select(Signature.id, Signature.person).where(*where).order_by(Signature.id.desc()).limit(limit)
    ).all()
    meant = [row.id for row in newest if opened.means(row.person)]
    samples = _samples(session, keyring, meant[:SAMPLES])
    if not conditions.opens:
        return Preview(candidates, False, 0, candidates, candidates, last_id, samples)
    part = len(newest) < candidates
    count = round(len(meant) * candidates / len(newest)) if part else len(meant)
    return Preview(count, part, len(newest), len(meant), candidates, last_id, samples)


def _samples(session: Session, keyring: Keyring, ids: Sequence[int]) -> tuple[Sample, ...]:
    rows = session.execute(
        select(Signature, Case.name)
        .join(Case, Case.id == Signature.case_id)
        .where(Signature.id.in_(ids))
        .order_by(Signature.id.desc())
    ).all()
    found = []
    for row, case in rows:
        person = keyring.open_json(row.person) if row.person else {}
        address = mask_address(person["email"]) if person.get("email") else ""
        held = row.held_at is not None
        found.append(Sample(row.id, address, full_name(person), case, row.state, held, row.created_at, row.score))
    return tuple(found)


def typed_conditions(keyring: Keyring, section: Section, conditions: Conditions) -> dict[str, Any]:
    """What the log keeps of conditions."""
    return {
        f"if_{name}": [None, value if name in _PLAIN else audit.typed(keyring, section, str(value))]
        for name, value in conditions.as_json().items()
    }
