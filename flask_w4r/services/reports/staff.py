"""What the section counted itself: post opened by hand, typed in at the desk or read from a file. It counts at once, and can be
taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import reported_types
from ...errors import NotFound, insist
from ...keyring import Keyring
from ...models import Case, Report
from ...models.reports import REPORT_SOURCES
from ...models.tally import STATUSES
from ...sections import Section
from ...state import Permission
from ..audit import record as audit
from ..people.permissions import Staff
from .counting import MOST, change_status, counted, kept_counts, settle

#: Entries on one page of the desk.
PAGE = 50


@dataclass(frozen=True)
class Entry:
    """Something that staff counted, or one row of a file.

    :param counts: by case and type.
    :param digest: names the row of a file, so that it is not entered twice.
    """

    counts: Mapping[int, Mapping[str, int]]
    source: str
    status: str
    on: date | None
    place: str
    note: str
    people: int = 0
    digest: bytes | None = None


def write(
    session: Session, keyring: Keyring, section: Section, actor_id: str, entry: Entry, *, now: datetime
) -> int | None:
    """Enter numbers: they count from now on.

    :param actor_id: of staff, or of a command.
    :returns: the report's id; ``None`` where nothing in it counts.
    :raises BadValue: a number or a word is out of bounds.
    """
    insist(entry.source in REPORT_SOURCES, "source", f"be one of {', '.join(REPORT_SOURCES)}")
    insist(entry.status in STATUSES, "status", f"be one of {', '.join(STATUSES)}")
    types = reported_types(section)
    for numbers in entry.counts.values():
        insist(set(numbers) <= set(types), "type", f"be one of {', '.join(types)}")
        insist(all(0 <= number <= MOST for number in numbers.values()), "counts", f"be from 0 to {MOST}")
    cases = session.scalars(select(Case.id).where(Case.section == section.code, Case.id.in_(list(entry.counts)))).all()
    counts = kept_counts(entry.counts, cases)
    if not counts:
        return None
    row = Report(
        section=section.code, role="desk", source=entry.source, status=entry.status, state="approved",
        is_counted=False, people=entry.people, counts=counts, on_date=entry.on, place=entry.place or None,
        note=keyring.seal(entry.note) if entry.note else None, actor_id=actor_id, digest=entry.digest, reasons=[],
        created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    settle(session, section, [row])
    return row.id


def type_in(session: Session, staff: Staff, entry: Entry) -> int | None:
    """Enter what was typed at the desk, and log it; see :func:`write`.

    :raises PermissionDenied: the actor may not decide what counts here.
    """
    who, section = staff.allowed(Permission.DECIDE), staff.section
    number = write(session, staff.keyring, section, who.id, entry, now=staff.now)
    if number is not None:
        total = sum(sum(numbers.values()) for numbers in entry.counts.values())
        audit.append(
            session, staff.keyring, section, who.id, "counts_entered", f"report:{number}",
            changes={"total": [0, total], "status": [None, entry.status]}, now=staff.now,
        )  # fmt: skip
    return number


def log_file(session: Session, staff: Staff, rows: int, total: int) -> None:
    """Log that a file was entered at the desk."""
    who = staff.allowed(Permission.DECIDE)
    audit.append(
        session, staff.keyring, staff.section, who.id, "counts_entered", "reports", changes={"total": [0, total]},
        count=rows, now=staff.now,
    )  # fmt: skip


def change(session: Session, staff: Staff, number: int, act: str) -> bool:
    """Take an entry back, or say that it is final.

    :param act: ``reverse`` or ``final``.
    :returns: whether anything changed.
    :raises PermissionDenied: the actor may not decide what counts here.
    :raises NotFound: there is no such entry.
    """
    who, section = staff.allowed(Permission.DECIDE), staff.section
    query = select(Report).where(Report.section == section.code, Report.id == number)
    row = session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound(str(number))
    if row.state != "approved" or (act == "final" and row.status == "final"):
        return False
    if act == "reverse":
        before, row.state, after = row.state, "reversed", "reversed"
    else:
        before, after = row.status, "final"
        change_status(session, section, row, after)
    row.updated_at = staff.now
    row.version += 1
    settle(session, section, [row])
    audit.append(
        session, staff.keyring, section, who.id, f"counts_{act}", f"report:{number}", changes={act: [before, after]},
        now=staff.now,
    )  # fmt: skip
    return True


@dataclass(frozen=True)
class Line:
    """An entry as the desk lists it."""

    id: int
    lines: Sequence[tuple[str, Mapping[str, int]]]
    total: int
    source: str
    status: str
    state: str
    is_counted: bool
    role: str
    on: date | None
    place: str
    note: str
    actor_id: str | None
    created_at: datetime


def entries(session: Session, staff: Staff, after: int | None = None) -> tuple[list[Line], int | None]:
    """What counts, or counted once, the newest first.

    :param after: the last id of the page before.
    :returns: a page of it, and where the next begins.
    """
    staff.allowed(Permission.DECIDE)
    query = select(Report).where(
        Report.section == staff.section.code, Report.state.in_(("approved", "reversed", "replaced"))
    )
    query = query if after is None else query.where(Report.id < after)
    rows = session.scalars(query.order_by(Report.id.desc()).limit(PAGE + 1)).all()
    names = dict(session.execute(select(Case.id, Case.name).where(Case.section == staff.section.code)).all())
    shown = [_line(staff.keyring, row, names) for row in rows[:PAGE]]
    return shown, shown[-1].id if len(rows) > PAGE else None


def _line(keyring: Keyring, row: Report, names: Mapping[int, str]) -> Line:
    numbers: Mapping[int, Mapping[str, Any]] = counted(row)
    return Line(
        id=row.id, lines=[(names[case_id], of_case) for case_id, of_case in numbers.items() if case_id in names],
        total=sum(sum(of_case.values()) for of_case in numbers.values()), source=row.source, status=row.status,
        state=row.state, is_counted=row.is_counted, role=row.role, on=row.on_date, place=row.place or "",
        note=keyring.open(row.note) if row.note and row.role == "desk" else "", actor_id=row.actor_id,
        created_at=row.created_at,
    )  # fmt: skip
