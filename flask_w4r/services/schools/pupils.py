"""Pupils: counted once each, by the link of their class. Their teacher lists them, erases names, and takes a press back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...keyring import Keyring, hash_token
from ...models import Case, Pupil, School, SchoolClass, SpentProof
from ...sections import Section
from ..campaign.catalogue import local_date
from ..campaign.views import Lens
from ..storage.rows import execute
from ..storage.upsert import insert_ignore
from ..tally import counts as tally
from ..tally.keys import PEOPLE, WHOLE_EDITION, Key
from .classes import edition_of

#: What a pupil did, as the tally calls it, and who says so.
ACTION, SOURCE = "letter", "self_reported"
#: From this age on pupils decide by themselves what they tell, where the section has no age of its own.
USUAL_AGE = 13


@dataclass(frozen=True)
class PupilLine:
    """A press, as the teacher sees it.

    :param name: the pupil's first name; ``None`` where it was not told, as the age.
    :param cases: ids of those that it counts for; empty: it cannot be taken back.
    """

    id: int
    class_id: int
    name: str | None
    age: int | None
    at: datetime
    cases: Sequence[int]


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
    row = _locked(session, section, class_id)
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
    person = None
    if who is not None and section.class_mode == "names":
        person = keyring.seal_json({"name": who[0], "age": who[1]})
    day = local_date(section, now)
    session.add(Pupil(section=section.code, class_id=row.id, person=person, cases=cases, day=day, created_at=now))
    _add(session, section, school, row, cases, day, 1, now=now)
    return "counted"


def take_back(session: Session, lens: Lens, school_id: int, pupil_id: int) -> str:
    """Take back one press of a school, while its edition runs: that person and those actions are not counted any more, and the
    place in the class is free again.

    :param school_id: of the teacher's school: presses of others are not found.
    :returns: ``taken``; ``over`` once the edition does not run; ``unknown`` where there is no such press any more.
    """
    section = lens.section
    school = session.get(School, school_id)
    if school is None or edition_of(session, lens, school).phase != "running":
        return "over"
    mine = (Pupil.id == pupil_id, Pupil.section == section.code)
    row = _locked(session, section, session.scalar(select(Pupil.class_id).where(*mine)) or 0)
    if row is None or row.school_id != school.id:
        return "unknown"
    # Read behind the class's lock: of two who take back the same press one finds it.
    press = session.scalars(
        select(Pupil).where(*mine).with_for_update().execution_options(populate_existing=True)
    ).first()
    if press is None or not press.cases or press.day is None:
        return "unknown"
    session.delete(press)
    _add(session, section, school, row, press.cases, press.day, -1, now=lens.now)
    return "taken"


def _locked(session: Session, section: Section, class_id: int) -> SchoolClass | None:
    """A class, as it stands. Whoever is counted or taken back waits here for those before: the last place is given once."""
    return session.scalars(
        select(SchoolClass)
        .where(SchoolClass.id == class_id, SchoolClass.section == section.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _add(
    session: Session,
    section: Section,
    school: School,
    row: SchoolClass,
    cases: Sequence[int],
    day: date,
    sign: int,
    *,
    now: datetime,
) -> None:
    """Count a press in its class and in the tally, or, with the sign turned, take exactly that away."""
    row.people += sign
    counts = {number: dict(days) for number, days in row.counts.items()}
    for number in map(str, cases):
        days = counts.setdefault(number, {})
        days[day.isoformat()] = days.get(day.isoformat(), 0) + sign
    row.counts = {
        number: left for number, days in counts.items() if (left := {on: count for on, count in days.items() if count})
    }
    row.updated_at = now
    done = {Key(number, ACTION, SOURCE, day=day): sign for number in cases}
    tally.add_all(session, section, school.edition_id, {Key(WHOLE_EDITION, PEOPLE): sign, **done})
    session.flush()


def of_school(session: Session, keyring: Keyring, school_id: int) -> Mapping[int, list[PupilLine]]:
    """The presses that are known, by class, the earliest first."""
    rows = session.scalars(
        select(Pupil)
        .join(SchoolClass, SchoolClass.id == Pupil.class_id)
        .where(SchoolClass.school_id == school_id)
        .order_by(Pupil.id)
    )
    found: dict[int, list[PupilLine]] = {}
    for row in rows:
        person = keyring.open_json(row.person) if row.person else {}
        line = PupilLine(
            row.id, row.class_id, person.get("name"), person.get("age"), row.created_at, row.cases or ()
        )  # fmt: skip
        found.setdefault(row.class_id, []).append(line)
    return found


def erase(
    session: Session, section: Section, school_id: int, *, pupil_id: int | None = None, class_id: int | None = None
) -> int:
    """Erase one pupil of a school, all of a class, or all. They go on being counted, and cannot be taken back.

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
