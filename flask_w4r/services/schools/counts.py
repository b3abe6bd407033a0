"""What the rows of classes say of the counts, how many schools are in, and the tables for a section's awards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Edition, School, SchoolClass
from ...seam import Export, ExportAsk, Goal
from ...sections import Section
from ..tally.keys import Key
from .pupils import ACTION, SOURCE
from .sums import SchoolSums, of_schools

PIECE = 1000
COLUMNS = ("school", "town", "country", "edition", "size", "pupils", "actions", "per_pupil")


def recount(session: Session, section: Section) -> Mapping[Key, int]:
    """What pupils did; see ``seam.Capability``."""
    sums: Counter[Key] = Counter()
    for counts in session.scalars(select(SchoolClass.counts).where(SchoolClass.section == section.code)):
        for number, days in counts.items():
            for day, count in days.items():
                sums[Key(int(number), ACTION, SOURCE, day=date.fromisoformat(day))] += count
    return sums


def people(session: Session, section: Section) -> Mapping[int, int]:
    """Pupils that count, by edition; see ``seam.Capability``."""
    rows = session.execute(
        select(School.edition_id, func.sum(SchoolClass.people))
        .join(SchoolClass, SchoolClass.school_id == School.id)
        .where(School.section == section.code)
        .group_by(School.edition_id)
    )
    return {edition_id: int(number or 0) for edition_id, number in rows}


def let_in(session: Session, section: Section, edition_id: int) -> int:
    """How many schools are in; see ``seam.Goal``."""
    mine = (School.section == section.code, School.edition_id == edition_id, School.state == "approved")
    return session.scalar(select(func.count()).select_from(School).where(*mine)) or 0


GOAL = Goal("schools", lazy_gettext("schools"), let_in)


@dataclass(frozen=True)
class SchoolLine:
    """A school that is in, with its numbers.

    :param pupils: those whom the links of its classes counted; ``None``, as ``actions`` and ``per_pupil``, where these may not be
        told (``SchoolSums.may_be_told``).
    :param actions: by the links, and in the school's own report that counts.
    :param per_pupil: actions for each pupil of the school, whether they wrote or not.
    """

    id: int
    name: str
    town: str
    country: str
    year: str
    size: int
    classes: int
    pupils: int | None
    actions: int | None
    per_pupil: float | None


def lines(
    session: Session, section: Section, *, edition_id: int | None = None, after: int = 0, limit: int | None = None
) -> list[SchoolLine]:
    """Schools that are in, in the order they came.

    :param edition_id: of one edition alone.
    """
    query = (
        select(School, Edition.year)
        .join(Edition, Edition.id == School.edition_id)
        .where(School.section == section.code, School.state == "approved", School.id > after)
        .order_by(School.id)
        .limit(limit)
    )
    if edition_id is not None:
        query = query.where(School.edition_id == edition_id)
    found = session.execute(query).all()
    sums = of_schools(session, [school.id for school, _ in found])
    return [_line(school, year, sums[school.id]) for school, year in found]


def _line(school: School, year: str, sums: SchoolSums) -> SchoolLine:
    told = sums.may_be_told
    return SchoolLine(
        school.id, school.name, school.town, school.country, year, school.size, sums.classes,
        sums.pupils if told else None, sums.actions if told else None,
        round(sums.actions / school.size, 2) if told else None,
    )  # fmt: skip


def _export(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    found = lines(session, ask.section, after=place or 0, limit=PIECE)
    rows = [
        (one.name, one.town, one.country, one.year, one.size, one.pupils, one.actions, one.per_pupil) for one in found
    ]
    return rows, found[-1].id if len(found) == PIECE else None


SCHOOLS = Export("schools", lazy_gettext("Schools and what they did"), lambda section: COLUMNS, _export)
