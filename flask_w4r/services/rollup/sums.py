"""The sum of what all sections said of an edition."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Case, RollupPart
from .documents import OTHER, WHOLE
from .keys import revoked_ids


@dataclass(frozen=True)
class Waiting:
    """Numbers that wait for a person."""

    sender: str
    edition: str
    sequence: int
    total: int
    #: What counts in their place.
    before: int


@dataclass
class Sum:
    """All sections' numbers of one edition.

    :ivar sections: the total of each.
    :ivar cells: by case and type. Of withdrawn cases, and of what is not broken down, under ``*``.
    :ivar as_of: the oldest moment that any of them is of.
    :ivar newest: the newest one.
    """

    edition: str
    sections: dict[str, int] = field(default_factory=dict)
    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    as_of: datetime | None = None
    newest: datetime | None = None

    @property
    def total(self) -> int:
        """All actions."""
        return sum(self.sections.values())

    @property
    def by_type(self) -> dict[str, int]:
        """The actions of each type."""
        return self._by(1)

    @property
    def by_case(self) -> dict[str, int]:
        """The actions for each case."""
        return self._by(0)

    def _by(self, place: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for cell, number in self.cells.items():
            found[cell[place]] = found.get(cell[place], 0) + number
        # What is not broken down comes last.
        return dict(sorted(found.items(), key=lambda one: (one[0] in (WHOLE, OTHER), one[0])))

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "edition": self.edition,
            "sections": len(self.sections),
            "total": self.total,
            "by_type": self.by_type,
            "by_case": self.by_case,
        }

    def as_csv(self) -> str:
        """As a table: edition, case, type, count."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(("edition", "case", "type", "count"))
        writer.writerows((self.edition, case, kind, number) for (case, kind), number in sorted(self.cells.items()))
        return out.getvalue()


def add_up(session: Session, edition: str) -> Sum:
    """Add up what counts of an edition: of each section the newest numbers in order, but for revoked keys.

    Numbers whose time is over go on counting: it says until when a file may be taken.
    """
    done = Sum(edition)
    gone = revoked_ids(session)
    hidden = set(session.scalars(select(Case.slug).where(Case.status == "withdrawn").distinct()))
    newest: dict[str, RollupPart] = {}
    wanted = select(RollupPart).where(RollupPart.edition == edition, RollupPart.state == "counted")
    for part in session.scalars(wanted.order_by(RollupPart.sender, RollupPart.sequence)):
        if part.key_id not in gone:
            newest[part.sender] = part
    for part in newest.values():
        done.sections[part.sender] = part.total
        done.as_of = min(done.as_of or part.as_of, part.as_of)
        done.newest = max(done.newest or part.as_of, part.as_of)
        for row in part.rows:
            cell = (WHOLE if row["case"] in hidden else row["case"], row["type"])
            done.cells[cell] = done.cells.get(cell, 0) + row["count"]
    return done


def editions(session: Session) -> Sequence[str]:
    """The editions that any section sent numbers of, newest first."""
    return session.scalars(select(RollupPart.edition).distinct().order_by(RollupPart.edition.desc())).all()


def waiting(session: Session) -> Sequence[Waiting]:
    """What waits for a person."""
    columns = (RollupPart.sender, RollupPart.edition, RollupPart.sequence, RollupPart.total, RollupPart.state)
    rows = session.execute(select(*columns).order_by(RollupPart.sender, RollupPart.edition, RollupPart.sequence))
    counted: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        if row.state == "counted":
            counted[row.sender, row.edition] = row.total
        else:
            before = counted.get((row.sender, row.edition), 0)
            found.append(Waiting(row.sender, row.edition, row.sequence, row.total, before))
    return found
