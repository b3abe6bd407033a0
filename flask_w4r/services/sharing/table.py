"""What the desk reads of the counts: by case, source, text and day; and the same as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Edition, ShareCount
from ...seam import Export, ExportAsk
from ...state import Permission
from ..people.permissions import Staff
from .counting import ACTION, VISIT

#: Rows of a piece of the file.
PIECE = 2000
COLUMNS = ("case", "edition", "day", "source", "variant", "kind", "count")


@dataclass(frozen=True)
class Line:
    """What came of one source, or on one day, for a case."""

    slug: str
    name: str
    source: str
    variant: int
    day: date | None
    visits: int
    actions: int


def _sum(kind: str) -> Any:
    return func.sum(when((ShareCount.kind == kind, ShareCount.count), else_=0))


def lines(session: Session, staff: Staff, *, slug: str | None = None, since: date | None = None) -> list[Line]:
    """Sums by case, source and text; of one case by day too, the newest first.

    :param slug: of that case alone.
    :param since: from that day on.
    :raises PermissionDenied: they may not edit cases here.
    """
    staff.allowed(Permission.EDIT_CASES)
    by_day = (ShareCount.day,) if slug is not None else ()
    columns = (Case.slug, Case.name, ShareCount.source, ShareCount.variant, *by_day)
    query = (
        select(*columns, _sum(VISIT).label("visits"), _sum(ACTION).label("actions"))
        .join(Case, Case.id == ShareCount.case_id)
        .where(ShareCount.section == staff.section.code, Case.status != "withdrawn")
        .group_by(*columns)
    )
    if slug is not None:
        query = query.where(Case.slug == slug)
    if since is not None:
        query = query.where(ShareCount.day >= since)
    order = (ShareCount.day.desc(), *columns[2:4]) if by_day else (Case.name, *columns[2:4])
    return [
        Line(
            row.slug, row.name, row.source, row.variant, row.day if by_day else None, int(row.visits), int(row.actions)
        )
        for row in session.execute(query.order_by(*order))
    ]


def cases(session: Session, staff: Staff) -> list[tuple[str, str]]:
    """The section's cases that something came of, by slug and name.

    :raises PermissionDenied: they may not edit cases here.
    """
    staff.allowed(Permission.EDIT_CASES)
    code = staff.section.code
    query = (
        select(Case.slug, Case.name)
        .where(
            Case.section == code, Case.status != "withdrawn",
            Case.id.in_(select(ShareCount.case_id).where(ShareCount.section == code)),
        )
        .distinct()
        .order_by(Case.name)
    )  # fmt: skip
    return [(row.slug, row.name) for row in session.execute(query)]


def export(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """All counts of a section, in the order of days; see ``seam.Export``."""
    key = (ShareCount.day, ShareCount.case_id, ShareCount.source, ShareCount.variant, ShareCount.kind)
    query = (
        select(Case.slug, Edition.year, *key, ShareCount.count)
        .join(Case, Case.id == ShareCount.case_id)
        .join(Edition, Edition.id == Case.edition_id)
        .where(ShareCount.section == ask.section.code)
        .order_by(*key)
        .offset(place or 0)
        .limit(PIECE)
    )
    if ask.case is not None:
        query = query.where(Case.slug == ask.case)
    if ask.since is not None:
        query = query.where(ShareCount.day >= ask.since.date())
    found = session.execute(query).all()
    rows = [(row[0], row[1], row[2].isoformat(), *row[4:]) for row in found]
    return rows, (place or 0) + PIECE if len(found) == PIECE else None


EXPORT = Export(
    "shares", lazy_gettext("What came of links to share, by source and day"), lambda section: COLUMNS, export,
    heeds=("case", "since"),
)  # fmt: skip
