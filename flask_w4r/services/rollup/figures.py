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
from ..tally import totals
from .documents import write_moment


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


def is_over(section: Section, edition: Edition, now: datetime, *, current: bool) -> bool:
    """Whether the last day of an edition is past where the section is."""
    _, ends_on = catalogue.window(section, edition, current=current)
    return section.local_date(now) > ends_on


def figures(
    session: Session, section: Section, year: str | None, *, now: datetime, final: bool | None = None
) -> Figures:
    """Read the numbers of an edition: the same that its pages show. Withdrawn cases are not among them.

    :param year: which edition; ``None`` for the current.
    :param final: whether nothing more is expected; ``None``: once the campaign is over.
    :raises NotFound: there is no such edition.
    """
    edition, is_current = find_edition(session, section, year, now)
    over = is_over(section, edition, now, current=is_current) if final is None else final
    cases = session.execute(
        select(Case.id, Case.slug)
        .where(Case.edition_id == edition.id, Case.section == section.code, Case.status != "withdrawn")
        .order_by(Case.position, Case.slug)
    ).all()
    counts = totals.counts(session, section, edition.id, now, is_over=over)
    rows = [
        Figure(case.slug, line.type, line.source, line.status, line.number)
        for case in cases
        for line in sorted(counts.told.get(case.id, ()))
        if line.number > 0
    ]
    return Figures(section.code, edition.year, now, rows, counts.people, section.digital_at_centre)
