"""Emails to those in power as members of staff see and steer them. Every act asks for the permission again, and is logged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import NotFound, insist
from ...models import Case, Edition, EmailDrip, EmailReply, TargetEmail
from ...sections.emails import rules_of
from ...state import Permission
from ..audit import record as audit
from ..campaign.catalogue import local_date
from ..people.names import full_name
from ..people.permissions import Staff
from ..storage.unit_of_work import UnitOfWork
from . import orphans
from .checks import unverified
from .drip import lock_drip
from .rows import case_rows
from .targets import Target, targets_of

#: Rows of one press.
MOST = 5000
COMMENTS = 50
CHOICES = ("move", "cancel")


@dataclass(frozen=True)
class Line:
    """One target of a case, or somebody who was one."""

    case_id: int
    case_slug: str
    case_name: str
    case_status: str
    key: str
    #: ``None``: no longer the case's target.
    target: Target | None
    label: str
    numbers: Mapping[str, int]
    next_at: datetime | None
    paused_at: datetime | None
    paused_for: str
    unverified: bool
    is_demo: bool

    @property
    def waits(self) -> int:
        """How many wait to leave, those included that stand in the outbox."""
        return self.numbers["waiting"] + self.numbers["leaving"]


@dataclass(frozen=True)
class Comment:
    """An email in its writer's own words that a digest may quote."""

    id: int
    name: str
    case_name: str
    subject: str
    body: str
    chosen: bool
    locale: str


@dataclass(frozen=True)
class DeskView:
    """The whole page."""

    lines: Sequence[Line]
    cases: Sequence[tuple[int, str]]
    replies: Sequence[tuple[str, int, date]]
    comments: Sequence[Comment] = field(default_factory=tuple)


_NUMBERS = ("pending", "held", "waiting", "leaving", "sent", "hour", "stopped")


def overview(session: Session, staff: Staff) -> DeskView:
    """How emails stand, target by target.

    :raises PermissionDenied: they may not send emails here.
    """
    staff.allowed(Permission.DELIVER)
    section = staff.section
    found = session.execute(
        select(Case, Edition.is_demo)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code)
        .order_by(Edition.starts_on.desc(), Case.position, Case.name)
    ).all()
    numbers = _numbers(session, staff)
    drips = {row.mailbox: row for row in session.scalars(select(EmailDrip).where(EmailDrip.section == section.code))}
    lines = [line for case, demo in found for line in _lines(session, staff, case, demo, numbers, drips)]
    open_cases = [(case.id, case.name) for case, _ in found if case.status == "active"]
    return DeskView(lines, open_cases, _replies(session, staff), _comments(session, staff))


def _numbers(session: Session, staff: Staff) -> dict[tuple[int, str], dict[str, int]]:
    alive = TargetEmail.state.in_(("pending", "confirmed"))
    sort = when(
        (alive & TargetEmail.held_at.is_not(None), "held"),
        (TargetEmail.state == "pending", "pending"),
        (TargetEmail.state == "sent", "sent"),
        ((TargetEmail.state == "confirmed") & TargetEmail.leaves_at.is_(None), "waiting"),
        (TargetEmail.state == "confirmed", "leaving"),
        else_="stopped",
    )
    recent = when((TargetEmail.leaves_at > staff.now - timedelta(hours=1), 1), else_=0)
    # Grouped from outside: PostgreSQL would not know the expression again, since it has other parameters there.
    some = select(
        TargetEmail.case_id, TargetEmail.target_key, sort.label("sort"), recent.label("recent")
    ).where(TargetEmail.section == staff.section.code).subquery()  # fmt: skip
    rows = session.execute(
        select(some.c.case_id, some.c.target_key, some.c.sort, func.count(), func.sum(some.c.recent)).group_by(
            some.c.case_id, some.c.target_key, some.c.sort
        )
    )
    numbers: dict[tuple[int, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_NUMBERS, 0))
    for case_id, key, name, count, recent_ones in rows:
        numbers[case_id, key][name] += int(count)
        numbers[case_id, key]["hour"] += int(recent_ones or 0)
    return numbers


def _lines(
    session: Session, staff: Staff, case: Case, demo: bool, numbers: Mapping[tuple[int, str], dict[str, int]],
    drips: Mapping[str, EmailDrip],
) -> list[Line]:  # fmt: skip
    today, days = local_date(staff.section, staff.now), rules_of(staff.section).verified_days
    nothing = dict.fromkeys(_NUMBERS, 0)
    lines = []
    targets = {one.key: one for one in targets_of(case)}
    gone = [key for case_id, key in numbers if case_id == case.id and key not in targets]
    for key in [*targets, *gone]:
        target = targets.get(key)
        own = numbers.get((case.id, key), nothing)
        if not any(own.values()) and (case.status != "active" or target is None or not target.email):
            continue
        drip = drips.get(target.mailbox) if target else None
        lines.append(
            Line(
                case.id, case.slug, case.name, case.status, key, target,
                target.label if target else _label(session, staff, case.id, key), own,
                drip.next_at if drip else None, drip.paused_at if drip else None, (drip.paused_for or "") if drip else "",
                bool(target and target.email and unverified(target, today, days)), demo,
            )
        )  # fmt: skip
    return lines


def _label(session: Session, staff: Staff, case_id: int, key: str) -> str:
    """Whom emails were written to that has left the case since."""
    query = select(TargetEmail.words).where(
        TargetEmail.section == staff.section.code, TargetEmail.case_id == case_id, TargetEmail.target_key == key,
        TargetEmail.words.is_not(None),
    )  # fmt: skip
    sealed = session.scalars(query.limit(1)).first()
    return str(staff.keyring.open_json(sealed)["target"]) if sealed else "—"


def _replies(session: Session, staff: Staff) -> list[tuple[str, int, date]]:
    """By case how many replies came, and when the last did."""
    rows = session.execute(
        select(Case.name, func.sum(EmailReply.count), func.max(EmailReply.on_date))
        .join(Case, Case.id == EmailReply.case_id)
        .where(EmailReply.section == staff.section.code)
        .group_by(Case.id, Case.name)
        .order_by(Case.name)
    )
    return [(name, int(number), last) for name, number, last in rows]


def _comments(session: Session, staff: Staff) -> list[Comment]:
    if rules_of(staff.section).mode != "digest":
        return []
    query = select(TargetEmail).where(
        TargetEmail.section == staff.section.code, TargetEmail.state == "confirmed", TargetEmail.edited.is_(True),
        TargetEmail.held_at.is_(None), TargetEmail.leaves_at.is_(None), TargetEmail.person.is_not(None),
    )  # fmt: skip
    found = session.scalars(query.order_by(TargetEmail.id.desc()).limit(COMMENTS)).all()
    names = {number: row.name for number, row in case_rows(session, {row.case_id for row in found}).items()}
    opened = staff.keyring.open_json
    return [
        Comment(
            row.id, full_name(opened(row.person or "")), names[row.case_id], opened(row.words or "")["subject"],
            opened(row.words or "")["body"], row.chosen, row.text_locale,
        )
        for row in found
    ]  # fmt: skip


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
