"""Reports that wait for the desk: what would be counted, by case, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, false, or_, select
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext
from ...keyring import Keyring
from ...models import Case, Event, Report
from ...seam import QueueKind
from ...sections import Section
from ..moderation import listing
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from . import decisions
from .counting import counted


@dataclass(frozen=True)
class ReportRow:
    """What somebody says was done: per case, in the section's order.

    :param name: the event's title, else who reports.
    :param event_id: of the event, where it is about one.
    :param others: how many others have reported of the same event.
    :param is_school: it is a school's own.
    """

    id: int
    event_id: int | None
    name: str
    role: str
    when: date | datetime | None
    place: str
    address: str | None
    people: int
    lines: Sequence[tuple[str, Mapping[str, int]]]
    total: int
    note: str
    is_correction: bool
    others: int
    is_school: bool
    is_demo: bool
    held_at: datetime
    created_at: datetime
    score: int = 0
    reasons: Sequence[ReasonLine] = ()
    kind: str = decisions.REPORT

    @property
    def item(self) -> str:
        """What names it in a form: ``report:17``."""
        return f"{self.kind}:{self.id}"


def _waiting(session: Session, section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    found = listing.waiting(Report, section, filters)
    if filters.score is not None:
        found.append(Report.score >= filters.score)
    if filters.case is not None:
        # The keys of a JSON object, in whatever way a database keeps it as text.
        ids = session.scalars(select(Case.id).where(Case.section == section.code, Case.slug == filters.case)).all()
        found.append(_any_of(ids))
    return found


def _any_of(ids: Sequence[int]) -> ColumnElement[bool]:
    text = cast(Report.counts, String)
    return or_(false(), *(text.contains(f'"{number}"') for number in ids))


def _page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    wanted = _waiting(session, section, filters)
    rows, count, cursor = listing.page(session, wanted, filters, place, size, Report)
    shown = rows_of(session, keyring, section, rows)
    return QueuePage(shown, min(count, COUNT_CAP), count > COUNT_CAP, cursor)


def rows_of(session: Session, keyring: Keyring, section: Section, rows: Sequence[Report]) -> list[ReportRow]:
    """Reports as a moderator sees them: what would be counted, by case."""
    events = {row.event_id for row in rows if row.event_id is not None}
    about = {event.id: event for event in session.scalars(select(Event).where(Event.id.in_(events)))}
    others: dict[int | None, int] = {}
    for number in session.scalars(
        select(Report.event_id).where(Report.event_id.in_(events), Report.state != "rejected")
    ):
        others[number] = others.get(number, 0) + 1
    ids = {case_id for row in rows for case_id in counted(row)}
    named = select(Case.id, Case.name).where(Case.section == section.code, Case.id.in_(ids))
    names = session.execute(named.order_by(Case.position, Case.name)).all()
    return [_row(keyring, row, about.get(row.event_id or 0), others.get(row.event_id, 1) - 1, names) for row in rows]


def _row(keyring: Keyring, row: Report, event: Event | None, others: int, names: Sequence[Any]) -> ReportRow:
    numbers = counted(row)
    lines = [(name, numbers[number]) for number, name in names if number in numbers]
    person = keyring.open_json(row.person) if row.person else {}
    name = event.title if event else person.get("name") or gettext("Someone without an event")
    return ReportRow(
        id=row.id, event_id=row.event_id, name=name, role=row.role, when=event.ends_at if event else row.on_date,
        place=row.place or "", address=mask_address(person["email"]) if person.get("email") else None,
        people=row.people, lines=lines, total=sum(sum(of_case.values()) for _, of_case in lines),
        note=keyring.open(row.note) if row.note else "", is_correction=row.replaces_id is not None, others=others,
        is_school=row.school_id is not None, is_demo=bool(event and event.is_demo), held_at=row.held_at or row.created_at, created_at=row.created_at,
        score=row.score, reasons=reason_lines(row.reasons),
    )  # fmt: skip


REPORTS = QueueKind(
    decisions.REPORT,
    lazy_gettext("Reports"),
    lambda session, section, filters: listing.count(session, _waiting(session, section, filters), Report),
    _page,
    decisions.decide,
    decisions.undo,
    why=lazy_gettext("Every report is reviewed before it counts"),
)
