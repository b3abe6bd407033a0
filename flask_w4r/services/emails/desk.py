"""Emails to those in power as members of staff see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...models import Case, Edition, EmailDrip, EmailReply, TargetEmail
from ...sections.emails import rules_of
from ...state import Permission
from ..campaign.catalogue import local_date
from ..people.names import full_name
from ..people.permissions import Staff
from .checks import unverified
from .rows import case_rows
from .targets import Target, targets_of

COMMENTS = 50


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
