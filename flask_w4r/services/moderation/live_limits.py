"""Limits that the desk sets while the site runs, in place of the configured ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from limits import RateLimitItem, parse_many
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import plain_digits
from ...keyring import Keyring
from ...models import Case, LiveLimit
from ...models.moderation import WHOLE_SECTION
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..audit import record as audit
from ..people.permissions import require
from ..storage.upsert import upsert
from . import settings

#: Above these somebody is told to wait: per section and network, counted before anything is read.
SIGN_LIMITS = ("sign_host", "sign_site", "sign_block", "sign_uncaptcha")
#: Above these signatures are held in silence: per case, and per case and network.
HOLD_LIMITS = ("hold_host", "hold_site", "hold_case")
LONGEST = 100


class LimitFault(ValueError):
    """A limit cannot be used. ``name`` is the limit's."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def names_for(case_id: int) -> tuple[str, ...]:
    """The limits that can be set for the section (0) or for a case."""
    return HOLD_LIMITS if case_id else SIGN_LIMITS + HOLD_LIMITS


def parse_limit(name: str, text: str) -> str:
    """Read a limit such as ``60/minute; 600/hour``.

    :returns: the text, trimmed.
    :raises LimitFault: it is none, it is empty or too long, or it lets nobody through, which is what a lockdown is for.
    """
    wanted = " ".join(plain_digits(text).split())
    try:
        items = parse_many(wanted)
    except ValueError as error:
        raise LimitFault(name) from error
    if len(wanted) > LONGEST or not items or any(not _usable(item) for item in items):
        raise LimitFault(name)
    return wanted


def _usable(item: RateLimitItem) -> bool:
    return 1 <= item.amount <= 10_000_000 and 1 <= item.get_expiry() <= 32 * 86_400


def set_limits(
    session: Session,
    keyring: Keyring,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    slug: str | None,
    wanted: Mapping[str, str],
    *,
    now: datetime,
) -> int:
    """Set limits of a section or of a case.

    :param slug: the case; ``None`` for the whole section.
    :param wanted: limits by name; an empty text goes back to the wider setting.
    :returns: how many changed.
    :raises PermissionDenied: the actor may not decide here.
    :raises NotFound: there is no such case.
    :raises LimitFault: a name or a text cannot be used; nothing is changed then.
    """
    staff = require(hooks, actor, Permission.DECIDE, section)
    case_id = _case_id(session, section, slug) if slug else WHOLE_SECTION
    parsed = {name: parse_limit(name, text) if text.strip() else "" for name, text in wanted.items()}
    for name in parsed:
        if name not in names_for(case_id):
            raise LimitFault(name)
    mine = (LiveLimit.section == section.code, LiveLimit.case_id == case_id)
    before = dict(session.execute(select(LiveLimit.name, LiveLimit.value).where(*mine)).all())
    changes = {
        name: [before.get(name), value or None] for name, value in parsed.items() if before.get(name, "") != value
    }
    for name, (_, value) in changes.items():
        if value is None:
            session.execute(delete(LiveLimit).where(*mine, LiveLimit.name == name))
            continue
        values = {"section": section.code, "case_id": case_id, "name": name, "value": value, "changed_at": now}
        changed = {"value": value, "changed_at": now}
        upsert(session, LiveLimit.__table__, values, ["section", "case_id", "name"], changed)
    if changes:
        settings.touch(session, section)
        subject = f"case:{slug}"[:120] if slug else f"section:{section.code}"
        audit.append(session, keyring, section, staff.id, "limits_set", subject, changes=changes, now=now)
    return len(changes)


def _case_id(session: Session, section: Section, slug: str) -> int:
    # A name that comes again in a later edition: the newest is the one that is signed.
    wanted = select(Case.id).where(Case.section == section.code, Case.slug == slug).order_by(Case.id.desc())
    found = session.scalars(wanted).first()
    if found is None:
        raise NotFound(slug)
    return found
