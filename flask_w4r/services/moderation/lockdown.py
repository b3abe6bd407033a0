"""How guarded a section, or one case, is: ``normal``, ``cautious`` or ``closed``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...keyring import Keyring
from ...models import Case, Edition, Lockdown
from ...models.moderation import LOCKDOWN_LEVELS, WHOLE_SECTION
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.permissions import require
from ..storage.upsert import upsert
from . import settings


def levels(session: Session, section: Section) -> Mapping[int, str]:
    """The levels as the database has them now, by case id, 0 for the section; what is not there is ``normal``."""
    rows = session.execute(select(Lockdown.case_id, Lockdown.level).where(Lockdown.section == section.code))
    return {case_id: level for case_id, level in rows if level != LOCKDOWN_LEVELS[0]}


@dataclass(frozen=True)
class OpenCase:
    """A case that takes signatures, as far as its status goes."""

    id: int
    slug: str
    name: str


def open_cases(session: Session, section: Section) -> Sequence[OpenCase]:
    """The active cases of the section's newest edition that has any."""
    rows = session.execute(
        select(Case.id, Case.slug, Case.name, Case.edition_id)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.status == "active")
        .order_by(Edition.starts_on.desc(), Case.edition_id, Case.position, Case.id)
    ).all()
    return [OpenCase(row.id, row.slug, row.name) for row in rows if row.edition_id == rows[0].edition_id]


def set_level(
    session: Session,
    keyring: Keyring,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    slug: str | None,
    level: str,
    *,
    now: datetime,
) -> bool:
    """Set the level of a section, or of every edition's case of that name.

    :param slug: the case; ``None`` for the whole section.
    :returns: whether anything changed.
    :raises PermissionDenied: the actor may not decide here.
    :raises NotFound: there is no such case.
    :raises BadValue: there is no such level.
    """
    staff = require(hooks, actor, Permission.DECIDE, section)
    insist(level in LOCKDOWN_LEVELS, "level", f"be one of {', '.join(LOCKDOWN_LEVELS)}")
    case_ids = [WHOLE_SECTION]
    if slug is not None:
        wanted = select(Case.id).where(Case.section == section.code, Case.slug == slug).order_by(Case.id)
        case_ids = list(session.scalars(wanted))
        if not case_ids:
            raise NotFound(slug)
    before = levels(session, section)
    changed = [case_id for case_id in case_ids if before.get(case_id, LOCKDOWN_LEVELS[0]) != level]
    if not changed:
        return False
    for case_id in changed:
        values = {"section": section.code, "case_id": case_id, "level": level, "changed_at": now}
        upsert(session, Lockdown.__table__, values, ["section", "case_id"], {"level": level, "changed_at": now})
    settings.touch(session, section)
    subject = f"case:{slug}"[:120] if slug else f"section:{section.code}"
    changes = {"level": [before.get(changed[0], LOCKDOWN_LEVELS[0]), level]}
    audit.append(session, keyring, section, staff.id, "lockdown_set", subject, changes=changes, now=now)
    return True
