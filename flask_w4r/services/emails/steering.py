"""What members of staff do about emails to those in power. Every act asks for the permission again, and is logged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...models import Case, EmailReply, TargetEmail
from ...state import Permission
from ..audit import record as audit
from ..people.permissions import Staff
from ..storage.unit_of_work import UnitOfWork
from . import orphans
from .drip import lock_drip
from .targets import targets_of

#: Rows of one press.
MOST = 5000
CHOICES = ("move", "cancel")


def _log(work: UnitOfWork, staff: Staff, action: str, subject: str, count: int = 1, **changes: Any) -> None:
    actor = staff.allowed(Permission.DELIVER)
    audit.append(
        work.session, staff.keyring, staff.section, actor.id, action, subject, changes=changes, count=count,
        now=staff.now,
    )  # fmt: skip


def _case(session: Session, staff: Staff, case_id: int) -> Case:
    query = select(Case).where(Case.section == staff.section.code, Case.id == case_id)
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("case")
    return found


def resume(work: UnitOfWork, staff: Staff, case_id: int, key: str) -> bool:
    """Let emails go on to a target whose mailbox had refused one.

    :raises PermissionDenied: they may not send emails here.
    :raises NotFound: there is no such case, or target.
    """
    staff.allowed(Permission.DELIVER)
    case = _case(work.session, staff, case_id)
    target = next((one for one in targets_of(case) if one.key == key and one.email), None)
    if target is None:
        raise NotFound("target")
    drip = lock_drip(work.session, staff.section, target.mailbox)
    if drip.paused_at is None:
        return False
    drip.paused_at = drip.paused_for = None
    work.session.flush()
    _log(work, staff, "emails_resumed", f"case:{case.slug}")
    return True


def settle(work: UnitOfWork, staff: Staff, case_id: int, key: str, choice: str) -> int:
    """What becomes of all emails to somebody who is no longer the case's target; their writers are told where one is
    cancelled.

    :param choice: ``move`` to whom the case writes to now, or ``cancel``.
    :returns: how many were moved or cancelled.
    :raises PermissionDenied: they may not send emails here.
    :raises NotFound: there is no such case.
    :raises BadValue: there is no such choice.
    """
    staff.allowed(Permission.DELIVER)
    insist(choice in CHOICES, "choice", f"be one of {', '.join(CHOICES)}")
    session, section, now = work.session, staff.section, staff.now
    case = _case(session, staff, case_id)
    query = select(TargetEmail).where(
        TargetEmail.section == section.code, TargetEmail.case_id == case.id, TargetEmail.target_key == key,
        TargetEmail.state.in_(("pending", "confirmed")),
    )  # fmt: skip
    rows = session.scalars(query.order_by(TargetEmail.id).limit(MOST).with_for_update()).all()
    done = 0
    for row in rows if all(one.key != key for one in targets_of(case)) else ():
        if choice == "move" and not orphans.move(session, case, row):
            continue
        done += 1
        row.leaves_at = row.mailbox = None
        row.updated_at = now
        row.version += 1
        if choice == "cancel":
            row.state, row.held_at = "cancelled", None
            orphans.tell(session, staff.keyring, section, row, "email_cancelled", now=now)
        elif row.held_for == orphans.GONE:
            row.held_at, row.held_for, row.released_at = _held_still(row, now)
        session.flush()
    if done:
        _log(work, staff, "emails_settled", f"case:{case.slug}", done, choice=[None, choice])
    return done


def _held_still(row: TargetEmail, now: datetime) -> tuple[datetime | None, str | None, datetime | None]:
    """Whether something else holds an email than that its target was gone."""
    if row.released_at is None and any(item.get("hold") and item.get("check") != orphans.GONE for item in row.reasons):
        other = next(item["check"] for item in row.reasons if item.get("hold") and item["check"] != orphans.GONE)
        return row.held_at, other, None
    return None, None, now


def count_replies(work: UnitOfWork, staff: Staff, case_id: int, count: int, on: date) -> None:
    """Note how many replies came.

    :raises PermissionDenied: they may not send emails here.
    :raises NotFound: there is no such case.
    """
    actor = staff.allowed(Permission.DELIVER)
    case = _case(work.session, staff, case_id)
    work.session.add(
        EmailReply(
            section=staff.section.code, case_id=case.id, count=count, on_date=on, actor_id=actor.id[:100],
            created_at=staff.now,
        )
    )  # fmt: skip
    work.session.flush()
    _log(work, staff, "email_replies", f"case:{case.slug}", count, on=[None, on.isoformat()])


def choose(work: UnitOfWork, staff: Staff, number: int, chosen: bool) -> bool:
    """Have an email quoted in the next digest, or no longer.

    :raises PermissionDenied: they may not send emails here.
    """
    staff.allowed(Permission.DELIVER)
    query = select(TargetEmail).where(TargetEmail.section == staff.section.code, TargetEmail.id == number)
    row = work.session.scalars(query.with_for_update()).first()
    if row is None or row.state != "confirmed" or row.held_at is not None or row.leaves_at is not None:
        return False
    row.chosen = chosen
    work.session.flush()
    _log(work, staff, "email_chosen", f"email:{number}", chosen=[not chosen, chosen])
    return True
