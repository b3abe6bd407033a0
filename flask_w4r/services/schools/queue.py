"""Schools that wait to be let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ...i18n import country_name, lazy_gettext
from ...keyring import Keyring
from ...models import Case, School
from ...seam import QueueKind
from ...sections import Section
from ..moderation import listing
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from . import decisions
from .standing import teacher_of


@dataclass(frozen=True)
class SchoolRow:
    """A school, as whoever decides sees it.

    :param teacher: their name.
    :param address: masked.
    """

    id: int
    name: str
    town: str
    country: str
    size: int
    teacher: str
    address: str | None
    cases: Sequence[str]
    held_at: datetime
    created_at: datetime
    score: int = 0
    reasons: Sequence[ReasonLine] = ()
    is_demo: bool = False
    kind: str = decisions.SCHOOL

    @property
    def item(self) -> str:
        """What names it in a form: ``school:17``."""
        return f"{self.kind}:{self.id}"


def _waiting(section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    found = listing.waiting(School, section, filters)
    if filters.score is not None:
        found.append(School.score >= filters.score)
    return found


def _page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    rows, count, cursor = listing.page(session, _waiting(section, filters), filters, place, size, School)
    ids = {case_id for row in rows for case_id in row.cases}
    names = dict(session.execute(select(Case.id, Case.name).where(Case.id.in_(ids))).all()) if ids else {}
    shown = [_row(keyring, row, [names[one] for one in row.cases if one in names]) for row in rows]
    return QueuePage(shown, min(count, COUNT_CAP), count > COUNT_CAP, cursor)


def _row(keyring: Keyring, row: School, cases: Sequence[str]) -> SchoolRow:
    teacher = teacher_of(keyring, row)
    email = teacher.get("email")
    return SchoolRow(
        row.id, row.name, row.town, country_name(row.country), row.size, str(teacher.get("name", "")),
        mask_address(email) if email else None, cases, row.held_at or row.created_at, row.created_at, row.score,
        reason_lines(row.reasons),
    )  # fmt: skip


SCHOOLS = QueueKind(
    decisions.SCHOOL,
    lazy_gettext("Schools"),
    lambda session, section, filters: listing.count(session, _waiting(section, filters), School),
    _page,
    decisions.decide,
    decisions.undo,
    feature="schools",
    needs_reason=True,
    why=lazy_gettext("Every school is let in by a person"),
)
