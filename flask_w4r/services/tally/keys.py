"""By what one count is told from another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from ...models.tally import NO_DAY
from ...sections import Section

#: What this system saw itself, as a source.
COUNTED = "counted"
#: More may come; nothing more is expected; it took the place of a number that counted.
INTERIM, FINAL, CORRECTED = "interim", "final", "corrected"
PEOPLE = "people"
#: Of the people of an edition those whom nothing tells apart any more: their address was erased, or its time was over.
PEOPLE_ERASED = "people_erased"
#: The case id under which an edition's number of people is kept.
WHOLE_EDITION = 0


class Key(NamedTuple):
    """One count of an edition.

    :param source: one of ``models.tally.SOURCES``.
    :param status: one of ``models.tally.STATUSES``.
    :param day: when it was done, on the section's clock; :func:`day_of` says so of a moment.
    """

    case_id: int
    type: str
    source: str = COUNTED
    status: str = INTERIM
    day: date = NO_DAY


def day_of(section: Section, moment: datetime | None) -> date:
    """The day of a moment where the section is; ``models.tally.NO_DAY`` where none is known."""
    return NO_DAY if moment is None else section.local_date(moment)


def tell(section: Section, kind: str, rows: Iterable[tuple[int, datetime | None]]) -> dict[Key, int]:
    """Add up what this system saw, one row each.

    :param rows: case and moment of each.
    """
    sums: dict[tuple[int, date], int] = {}
    for case_id, moment in rows:
        place = (case_id, day_of(section, moment))
        sums[place] = sums.get(place, 0) + 1
    return {Key(case_id, kind, day=day): number for (case_id, day), number in sums.items()}
