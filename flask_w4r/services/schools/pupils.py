"""Pupils: counted once each, by the link of their class; and their names, which their teacher lists and erases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...keyring import Keyring, hash_token
from ...models import Case, Pupil, School, SchoolClass, SpentProof
from ...sections import Section
from ..storage.rows import execute
from ..storage.upsert import insert_ignore
from ..tally import counts as tally
from ..tally.keys import PEOPLE, WHOLE_EDITION, Key

#: What a pupil did, as the tally calls it, and who says so.
ACTION, SOURCE = "letter", "self_reported"
#: From this age on pupils decide by themselves what they tell, where the section has no age of its own.
USUAL_AGE = 13


@dataclass(frozen=True)
class PupilLine:
    """A pupil, as their teacher sees them."""

    id: int
    class_id: int
    name: str
    age: int


def own_age(section: Section) -> int:
    """From which age on pupils need nobody's word to tell their first name and age."""
    return section.min_age or USUAL_AGE


def count(
    session: Session,
    keyring: Keyring,
    section: Section,
    class_id: int,
    case_ids: Sequence[int],
    who: tuple[str, int] | None,
    *,
    press: str,
    now: datetime,
) -> str:
    """Count a pupil: one person, and an action for each case that they wrote for.

    :param case_ids: of cases of the edition; others are left out.
    :param who: first name and age, where the section asks for them and the pupil told them.
    :param press: what tells this press from others: pressed twice it counts once.
    :returns: ``counted``, ``already``, ``full``, ``ended`` or ``nothing``, where no case takes letters.
    """
    # Whoever is counted waits here for those before: the last place is given once.
    row = session.scalars(
        select(SchoolClass)
        .where(SchoolClass.id == class_id, SchoolClass.section == section.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    school = session.get(School, row.school_id) if row else None
    if row is None or school is None or section.class_mode == "off":
        return "ended"
    digest = hash_token(f"class|{class_id}|{press}")
    if session.get(SpentProof, digest) is not None:
        return "already"
    if row.ended_at is not None or school.state != "approved":
        return "ended"
    if row.people >= row.size:
        return "full"
    wanted = select(Case.id).where(Case.edition_id == school.edition_id, Case.id.in_(case_ids), Case.status == "active")
    cases = sorted(session.scalars(wanted))
    if not cases:
        return "nothing"
    insert_ignore(session, SpentProof.__table__, {"digest": digest, "expires_at": now + timedelta(days=2)})
    if who is not None and section.class_mode == "names":
        name, age = who
        session.add(
            Pupil(
                section=section.code, class_id=row.id, person=keyring.seal_json({"name": name, "age": age}),
                created_at=now,
            )
        )  # fmt: skip
    row.people += 1
    today = section.local_date(now)
    row.counts = {**row.counts, **{str(number): _one_more(row.counts.get(str(number), {}), today) for number in cases}}
    row.updated_at = now
    counted = {Key(WHOLE_EDITION, PEOPLE): 1, **{Key(number, ACTION, SOURCE, day=today): 1 for number in cases}}
    tally.add_all(session, section, school.edition_id, counted)
    session.flush()
    return "counted"


def _one_more(days: Mapping[str, int], day: date) -> dict[str, int]:
    return {**days, day.isoformat(): days.get(day.isoformat(), 0) + 1}


def of_school(session: Session, keyring: Keyring, school_id: int) -> Mapping[int, list[PupilLine]]:
    """Those who told their first name and age, by class."""
    rows = session.scalars(
        select(Pupil)
        .join(SchoolClass, SchoolClass.id == Pupil.class_id)
        .where(SchoolClass.school_id == school_id)
        .order_by(Pupil.id)
    )
    found: dict[int, list[PupilLine]] = {}
    for row in rows:
        person = keyring.open_json(row.person)
        found.setdefault(row.class_id, []).append(PupilLine(row.id, row.class_id, person["name"], person["age"]))
    return found


def erase(
    session: Session, section: Section, school_id: int, *, pupil_id: int | None = None, class_id: int | None = None
) -> int:
    """Erase one pupil of a school, all of a class, or all. They go on being counted.

    :returns: how many were erased.
    """
    classes = select(SchoolClass.id).where(SchoolClass.school_id == school_id, SchoolClass.section == section.code)
    mine = [Pupil.section == section.code, Pupil.class_id.in_(classes)]
    if pupil_id is not None:
        mine.append(Pupil.id == pupil_id)
    if class_id is not None:
        mine.append(Pupil.class_id == class_id)
    ids = session.scalars(select(Pupil.id).where(*mine).order_by(Pupil.id).with_for_update()).all()
    return execute(session, delete(Pupil).where(Pupil.id.in_(ids))) if ids else 0
