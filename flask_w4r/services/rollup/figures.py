"""A section's own numbers of one edition, as its centre asks for them: by case, type, source and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import STANDARD
from ...errors import NotFound
from ...i18n import gettext
from ...models import Case, Edition
from ...sections import Section
from ..campaign import catalogue
from ..reports.counting import told_sums
from ..tally import totals
from ..tally.counts import COUNTED
from .documents import write_moment

#: The campaign is running; it is over and nothing more is expected.
INTERIM, FINAL = "interim", "final"


@dataclass(frozen=True)
class Figure:
    """How many actions of one kind were done for a case."""

    case: str
    type: str
    source: str
    status: str
    count: int


@dataclass(frozen=True)
class Figures:
    """All numbers of an edition at one moment."""

    section: str
    edition: str
    as_of: datetime
    rows: Sequence[Figure]
    people: int
    digital_at_centre: bool

    def cells(self) -> dict[tuple[str, str], int]:
        """The same by case and type alone."""
        found: dict[tuple[str, str], int] = {}
        for row in self.rows:
            found[row.case, row.type] = found.get((row.case, row.type), 0) + row.count
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, with what each type means."""
        return {
            "section": self.section,
            "edition": self.edition,
            "as_of": write_moment(self.as_of),
            "rows": [vars(row) for row in self.rows],
            "people": self.people,
            "digital_at_centre": self.digital_at_centre,
            "definitions": definitions([row.type for row in self.rows]),
        }


def definitions(types: Sequence[str]) -> Mapping[str, str]:
    """What counts as one of each type, in the current language."""
    own = gettext("As this section defines it.")
    return {name: str(STANDARD[name].means if name in STANDARD else own) for name in types}


def find_edition(session: Session, section: Section, year: str | None, now: datetime) -> tuple[Edition, bool]:
    """An edition of a section, and whether it is the current one.

    :param year: which one; ``None`` for the current.
    :raises NotFound: it has no such edition.
    """
    rows = session.scalars(select(Edition).where(Edition.section == section.code)).all()
    current = catalogue.find_current(rows, section, now)
    chosen = current if year is None else next((row for row in rows if row.year == year), None)
    if chosen is None:
        raise NotFound(f"{section.code} has no edition {year}" if year else f"{section.code} has no edition yet")
    return chosen, chosen is current


def figures(
    session: Session, section: Section, year: str | None, *, now: datetime, final: bool | None = None
) -> Figures:
    """Read the numbers of an edition: the same that its pages show. Withdrawn cases are not among them.

    :param year: which edition; ``None`` for the current.
    :param final: whether nothing more is expected; ``None``: once the campaign is over.
    :raises NotFound: there is no such edition.
    """
    edition, is_current = find_edition(session, section, year, now)
    _, ends_on = catalogue.window(section, edition, current=is_current)
    is_over = catalogue.local_date(section, now) > ends_on
    status = FINAL if (is_over if final is None else final) else INTERIM
    cases = session.execute(
        select(Case.id, Case.slug)
        .where(Case.edition_id == edition.id, Case.section == section.code, Case.status != "withdrawn")
        .order_by(Case.position, Case.slug)
    ).all()
    counts = totals.counts(session, section, edition.id, now)
    told = told_sums(session, section)
    rows = [
        Figure(case.slug, kind, source, stands, number)
        for case in cases
        for kind, source, stands, number in _of_case(counts.sources.get(case.id, {}), told.get(case.id, {}), status)
        if number > 0
    ]
    return Figures(section.code, edition.year, now, rows, counts.people, section.digital_at_centre)


def _of_case(
    seen: Mapping[str, Mapping[str, int]], told: Mapping[tuple[str, str, str], int], status: str
) -> list[tuple[str, str, str, int]]:
    """Type, source, status and number: what this site saw itself, and what was reported, as far as it counts."""
    rows = [(kind, COUNTED, status, numbers[COUNTED]) for kind, numbers in seen.items() if COUNTED in numbers]
    for (kind, source, stands), number in told.items():
        rows.append((kind, source, FINAL if status == FINAL and stands == INTERIM else stands, number))
    return _added_up(rows)


def _added_up(rows: Sequence[tuple[str, str, str, int]]) -> list[tuple[str, str, str, int]]:
    sums: dict[tuple[str, str, str], int] = {}
    for kind, source, stands, number in rows:
        sums[kind, source, stands] = sums.get((kind, source, stands), 0) + number
    return [(*key, sums[key]) for key in sorted(sums)]
