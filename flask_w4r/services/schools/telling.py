"""What a teacher reports of their school: a report as anybody's, with the mailbox proved by the link of the teacher's page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from ...models import School
from ...sections import Section
from ..moderation.judgement import Judgement
from ..people.addresses import parse_address
from ..reports import standing as reports
from ..reports.telling import Told, report_of
from ..storage.unit_of_work import UnitOfWork
from .standing import teacher_of


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
    """Report what was written on paper. It counts once the desk has looked at it.

    :param counts: by case and type, without what the links of classes counted.
    :returns: ``reported``; ``already`` where the same was reported before; ``gone`` where nobody knows the teacher any more.
    """
    session, keyring = work.session, work.state.keyring
    school = _school(session, section, school_id)
    teacher = teacher_of(keyring, school) if school else {}
    if school is None or not teacher.get("email"):
        return "gone"
    address = parse_address(str(teacher["email"]), test_environment=True)
    told = Told(
        str(teacher.get("name", "")), address, school.locale, people, counts, None, f"{school.name}, {school.town}"[:120],
        note,
    )  # fmt: skip
    row = report_of(session, keyring, section, told, Judgement(0, False, (), "off"), now=now)
    if row is None:
        return "already"
    session.add(row)
    session.flush()
    reports.submit(work, section, [row], now=now)
    return "reported"


def _school(session: Session, section: Section, school_id: int) -> School | None:
    found = session.get(School, school_id)
    return found if found is not None and found.section == section.code and found.state == "approved" else None
