"""Changes to a section's block and allow lists: each asks for the permission, is logged and reaches every process."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, true
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...keyring import Keyring, SealBroken
from ...models import DayKey, Rule
from ...models.moderation import RULE_EFFECTS, RULE_KINDS
from ...seam import Reindexed, Sweep
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..mail import caps as mail_caps
from ..people import reindex
from ..people.permissions import require
from ..storage.upsert import insert_new
from . import settings
from .rules import RuleFault, normalise, parse_seen, value_indexes

#: So many entries are kept in every process.
MOST_RULES = 5000
LONGEST_NOTE = 500


@dataclass(frozen=True)
class RuleView:
    """An entry as the desk shows it."""

    id: int
    effect: str
    kind: str
    value: str
    note: str
    actor_id: str
    created_at: datetime
    expires_at: datetime | None


def rules_of(
    session: Session, keyring: Keyring, hooks: Hooks, actor: Actor | None, section: Section
) -> Sequence[RuleView]:
    """The section's entries, in the order in which they are asked: block before allow, the newest first.

    :raises PermissionDenied: the actor may not decide here.
    """
    require(hooks, actor, Permission.DECIDE, section)
    rows = session.scalars(
        select(Rule).where(Rule.section == section.code).order_by(Rule.effect.desc(), Rule.id.desc()).limit(MOST_RULES)
    )
    return [
        RuleView(
            id=row.id, effect=row.effect, kind=row.kind, value=keyring.open(row.value),
            note=keyring.open(row.note) if row.note else "", actor_id=row.actor_id, created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]  # fmt: skip


def add_rule(
    session: Session,
    keyring: Keyring,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    *,
    effect: str,
    kind: str,
    value: str,
    note: str = "",
    days: int | None = None,
    testing: bool = False,
    now: datetime,
) -> int:
    """Add an entry. Blocking an address also keeps mails of the section from it.

    :param effect: ``block`` or ``allow``.
    :param value: as typed, or as the desk shows a network.
    :param days: the entry ends after so many; default: it stays.
    :param testing: take addresses under ``.test`` too.
    :returns: its id.
    :raises PermissionDenied: the actor may not decide here.
    :raises RuleFault: the value cannot be used; ``again`` where it stands already, ``too_many`` where the list is full.
    """
    staff = require(hooks, actor, Permission.DECIDE, section)
    if effect not in RULE_EFFECTS or kind not in RULE_KINDS:
        raise RuleFault("kind")
    wanted = normalise(kind, value, test_environment=testing)
    day = parse_seen(wanted)[0] if kind == "seen_network" else None
    if day is not None and not session.scalar(select(exists().where(DayKey.day == day))):
        raise RuleFault("seen_network")
    if len(session.scalars(select(Rule.id).where(Rule.section == section.code).limit(MOST_RULES)).all()) >= MOST_RULES:
        raise RuleFault("too_many")
    note = note.strip()[:LONGEST_NOTE]
    ends = now + timedelta(days=days) if days else None
    values = {
        "section": section.code,
        "effect": effect,
        "kind": kind,
        "value": keyring.seal(wanted),
        "value_index": value_indexes(keyring, section.code, kind, wanted)[0],
        "note": keyring.seal(note) if note else None,
        "net_day": day,
        "actor_id": staff.id,
        "created_at": now,
        "expires_at": ends,
    }
    indexes = value_indexes(keyring, section.code, kind, wanted)
    same = (Rule.section == section.code, Rule.kind == kind, Rule.value_index.in_(indexes[1:]))
    stands = keyring.has_earlier and session.scalar(select(exists().where(*same)))
    number = None if stands else insert_new(session, Rule.__table__, values)
    if number is None:
        raise RuleFault("again")
    if (effect, kind) == ("block", "address"):
        mail_caps.suppress(session, keyring, section, wanted, "blocked", now=now)
    settings.touch(session, section)
    changes = {
        "effect": [None, effect],
        "kind": [None, kind],
        "value": [None, audit.typed(keyring, section, wanted)],
        "note": [None, audit.typed(keyring, section, note or None)],
        "expires_at": [None, ends.isoformat() if ends else None],
    }
    audit.append(session, keyring, section, staff.id, "rule_added", f"rule:{number}", changes=changes, now=now)
    return number


def delete_rule(
    session: Session,
    keyring: Keyring,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    rule_id: int,
    *,
    now: datetime,
) -> None:
    """Take an entry away. An address that was blocked gets mail again, unless it refused it itself.

    :raises PermissionDenied: the actor may not decide here.
    :raises NotFound: the section has no such entry.
    """
    staff = require(hooks, actor, Permission.DECIDE, section)
    mine = select(Rule).where(Rule.id == rule_id, Rule.section == section.code)
    row = session.scalars(mine.with_for_update()).first()
    if row is None:
        raise NotFound(f"rule {rule_id}")
    value = keyring.open(row.value)
    if (row.effect, row.kind) == ("block", "address"):
        mail_caps.unblock(session, keyring, section, value)
    changes = {
        "effect": [row.effect, None],
        "kind": [row.kind, None],
        "value": [audit.typed(keyring, section, value), None],
    }
    session.delete(row)
    session.flush()
    settings.touch(session, section)
    audit.append(session, keyring, section, staff.id, "rule_deleted", f"rule:{rule_id}", changes=changes, now=now)


def purge_rules(session: Session, keyring: Keyring, sections: Sequence[Section], *, now: datetime) -> int:
    """Delete the sections' entries that are over: their time came, or the key of their day is gone.

    :returns: how many went.
    """
    by_code = {section.code: section for section in sections}
    rows = session.scalars(select(Rule).where(*_over(by_code, now)).order_by(Rule.id).with_for_update()).all()
    if not rows:
        return 0
    for row in rows:
        if (row.effect, row.kind) == ("block", "address"):
            mail_caps.unblock(session, keyring, by_code[row.section], keyring.open(row.value))
    session.execute(delete(Rule).where(Rule.id.in_([row.id for row in rows])))
    for code in sorted({row.section for row in rows}):
        settings.touch(session, by_code[code])
    return len(rows)


def over(sweep: Sweep) -> Any:
    """The query for entries that are over."""
    codes = [section.code for section in sweep.sections if sweep.code in (None, section.code)]
    return select(Rule.id).where(*_over(codes, sweep.now))


def _over(codes: Collection[str], now: datetime) -> tuple[Any, Any]:
    lives = select(DayKey.day).where(DayKey.day == Rule.net_day).exists()
    return Rule.section.in_(codes), or_(Rule.expires_at <= now, Rule.net_day.is_not(None) & ~lives)


def reindex_step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next entries, known by the newest index key; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        try:
            value = keyring.open(row.value)
        except SealBroken:
            return None
        return {"value_index": value_indexes(keyring, row.section, row.kind, value)[0]}

    columns = (Rule.id, Rule.section, Rule.kind, Rule.value, Rule.value_index)
    return reindex.step(session, columns, true(), fresh, after, limit, write=write)[0]
