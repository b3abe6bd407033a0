"""What a school did without the links of its classes: one report of its own, by its teacher, whose mailbox is proved by the link of
the teacher's page. It tells the whole; a new one takes the place of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Report, School
from ...sections import Section
from ..people.addresses import parse_address
from ..reports import standing as reports
from ..reports.counting import kept_counts
from ..reports.plausible import reasons_for
from ..storage.unit_of_work import UnitOfWork
from .standing import teacher_of
from .sums import SchoolSums, of_school


def last(session: Session, school_id: int) -> Report | None:
    """The school's report that waits or, where none does, the one that counts."""
    states = ("submitted", "approved")
    found = session.scalars(
        select(Report).where(Report.school_id == school_id, Report.state.in_(states)).order_by(Report.id.desc())
    )
    return found.first()


def tell(
    work: UnitOfWork,
    section: Section,
    school_id: int,
    people: int,
    counts: Mapping[int, Mapping[str, int]],
    note: str,
    *,
    now: datetime,
) -> str:
    """Report all that was done without the links of classes, up to now. It counts once the desk has looked at it.

    :param counts: by case and type.
    :returns: ``reported``; ``already`` where the last report tells the same; ``gone`` where nobody knows the teacher any more.
    """
    session, keyring = work.session, work.state.keyring
    # Two reports at once come one after the other, so that the second knows the first.
    school = session.scalars(
        select(School)
        .where(School.id == school_id, School.section == section.code, School.state == "approved")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if school is None or not teacher_of(keyring, school).get("email"):
        return "gone"
    cases = session.scalars(select(Case.id).where(Case.edition_id == school.edition_id, Case.status != "withdrawn"))
    kept, before = kept_counts(counts, cases), last(session, school.id)
    if not kept or (before is not None and (before.counts, before.people) == (kept, people)):
        return "already"
    row = _row(keyring, section, school, now=now)
    row.people, row.counts, row.note = people, kept, keyring.seal(note) if note else None
    row.reasons = [*reasons_for(people, kept), *_beside(of_school(session, school.id))]
    if before is not None:
        row.replaces_id = before.id
    session.add(row)
    session.flush()
    reports.submit(work, section, [row], now=now)
    return "reported"


def _row(keyring: Keyring, section: Section, school: School, *, now: datetime) -> Report:
    teacher = teacher_of(keyring, school)
    address = parse_address(str(teacher["email"]), test_environment=True)
    person = {"name": str(teacher.get("name", "")), "email": address.typed, "locale": school.locale}
    return Report(
        section=section.code, role="person", school_id=school.id, source="self_reported", status="interim",
        state="unconfirmed", is_counted=False, place=f"{school.name}, {school.town}"[:120],
        person=keyring.seal_json(person), email_index=keyring.blind(reports.reporter_scope(section.code), address.canonical),
        created_at=now, updated_at=now,
    )  # fmt: skip


def _beside(sums: SchoolSums) -> list[dict[str, Any]]:
    """What the links have counted, for whoever decides on the report: does it tell the same letters once more?"""
    if not sums.pupils:
        return []
    detail = {"detail": {"count": sums.by_links}} if sums.may_be_told else {}
    return [{"check": "school_links", "score": 0, **detail}]
