"""What a school did, in numbers: the presses by the links of its classes, and the one report of its own that counts beside them.

The rule by which nothing is counted twice: a letter counts where its pupil pressed the button, and everything else in the school's
own report, of which the newest that the desk approved counts (``reports.counting.should_count``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Report, SchoolClass
from ..reports.counting import counted
from ..tally.few import FEW
from .pupils import ACTION


@dataclass(frozen=True)
class SchoolSums:
    """The numbers of a school.

    :param classes: how many there are.
    :param pupils: those whom the links counted.
    :param links: what they did, by case.
    :param people: who took part in what the report tells; not added to ``pupils``, whom they may be among.
    :param paper: what the report tells, by case and type.
    """

    classes: int = 0
    pupils: int = 0
    links: Mapping[int, int] = field(default_factory=dict)
    people: int = 0
    paper: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    @property
    def by_links(self) -> int:
        """What the links counted, in all."""
        return sum(self.links.values())

    @property
    def kinds(self) -> dict[str, int]:
        """What was done, by links and on paper, by type."""
        found = {ACTION: self.by_links} if self.by_links else {}
        for numbers in self.paper.values():
            for kind, number in numbers.items():
                found[kind] = found.get(kind, 0) + number
        return found

    @property
    def on_paper(self) -> int:
        """What the report tells, in all."""
        return self.actions - self.by_links

    @property
    def actions(self) -> int:
        """What was done, in all."""
        return sum(self.kinds.values())

    @property
    def cases(self) -> set[int]:
        """For whom."""
        return {*self.links, *self.paper}

    @property
    def may_be_told(self) -> bool:
        """Whether the numbers may be shown to others than the teacher: a few pupils are hidden among nobody."""
        return self.pupils >= FEW or (not self.pupils and self.people >= FEW)


def of_schools(session: Session, ids: Collection[int]) -> dict[int, SchoolSums]:
    """The numbers of some schools, by id."""
    made: dict[int, list[SchoolClass]] = {}
    for row in session.scalars(select(SchoolClass).where(SchoolClass.school_id.in_(ids))):
        made.setdefault(row.school_id, []).append(row)
    told = {
        row.school_id: row
        for row in session.scalars(select(Report).where(Report.school_id.in_(ids), Report.is_counted.is_(True)))
    }
    return {number: _sums(made.get(number, []), told.get(number)) for number in ids}


def of_school(session: Session, school_id: int) -> SchoolSums:
    """The numbers of one."""
    return of_schools(session, [school_id])[school_id]


def _sums(classes: Collection[SchoolClass], report: Report | None) -> SchoolSums:
    links: dict[int, int] = {}
    for row in classes:
        for number, days in row.counts.items():
            links[int(number)] = links.get(int(number), 0) + sum(days.values())
    return SchoolSums(
        len(classes), sum(row.people for row in classes), links, report.people if report else 0,
        counted(report) if report else {},
    )  # fmt: skip
