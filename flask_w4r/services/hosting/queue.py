"""What waits for the desk about events: those submitted, and what hosts report of theirs. Neither shows an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext, time_span
from ...keyring import Keyring
from ...models import Case, Event, EventCase, EventReport
from ...seam import QueueKind
from ...sections import Section
from ...signals import event_published
from ...topics import EVENT_KINDS
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from . import decisions, report_counts, report_decisions


@dataclass(frozen=True)
class EventRow:
    """An event that waits. The venue's street, and the exact place, are on its own page of the desk only."""

    id: int
    name: str
    description: str
    event_kind: str
    visibility: str
    #: On the event's own clock, in words.
    when: str
    town: str
    country: str
    locale: str
    host_name: str
    #: Masked; ``None`` where there is none.
    address: str | None
    cases: Sequence[str]
    is_demo: bool
    #: It was public before: an edit, or the desk, took it back.
    was_public: bool
    held_at: datetime
    created_at: datetime
    score: int
    reasons: Sequence[ReasonLine]
    kind: str = decisions.EVENT

    @property
    def item(self) -> str:
        """What names it in a form: ``event:17``."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class ReportRow:
    """What a host says was written: per case, in the section's order."""

    id: int
    event_id: int
    #: The event's title.
    name: str
    ended_at: datetime
    people: int
    lines: Sequence[tuple[str, Mapping[str, int]]]
    total: int
    note: str
    is_demo: bool
    held_at: datetime
    created_at: datetime
    score: int = 0
    reasons: Sequence[ReasonLine] = ()
    kind: str = report_decisions.REPORT

    @property
    def item(self) -> str:
        """What names it in a form: ``report:17``."""
        return f"{self.kind}:{self.id}"


def _waiting(model: Any, section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        model.section == section.code, model.held_at.is_not(None), model.state == "submitted",
    ]  # fmt: skip
    if filters.since is not None:
        found.append(model.held_at >= filters.since)
    if filters.until is not None:
        found.append(model.held_at < filters.until)
    if model is Event and filters.score is not None:
        found.append(Event.score >= filters.score)
    if filters.case is not None:
        named = select(EventCase.event_id).join(Case, Case.id == EventCase.case_id)
        event_id = Event.id if model is Event else model.event_id
        found.append(
            exists(named.where(EventCase.event_id == event_id, Case.section == section.code, Case.slug == filters.case))
        )
    return found


def _count(session: Session, wanted: Sequence[ColumnElement[bool]], model: Any) -> int:
    capped = select(model.id).where(*wanted).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def _page(
    session: Session, section: Section, filters: Filters, place: Place | None, size: int, model: Any
) -> tuple[list[Any], int, str | None]:
    """The rows of a page, how many wait, and where the next page begins."""
    wanted = _waiting(model, section, filters)
    order = [model.held_at, model.id]
    if filters.order == "newest":
        order = [column.desc() for column in order]
    after = [] if place is None else [place.after(filters.order, model.held_at, model.id)]
    found = session.scalars(select(model).where(*wanted, *after).order_by(*order).limit(size + 1)).all()
    rows = list(found[:size])
    cursor = str(Place(rows[-1].held_at, rows[-1].id)) if len(found) > size else None
    return rows, _count(session, wanted, model), cursor


def _event_page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    rows, count, cursor = _page(session, section, filters, place, size, Event)
    names: dict[int, list[str]] = {}
    for event_id, name in session.execute(
        select(EventCase.event_id, Case.name)
        .join(Case, Case.id == EventCase.case_id)
        .where(EventCase.event_id.in_([row.id for row in rows]), Case.section == section.code)
        .order_by(Case.position, Case.name)
    ):
        names.setdefault(event_id, []).append(name)
    shown = [_event_row(keyring, row, names.get(row.id, [])) for row in rows]
    return QueuePage(shown, min(count, COUNT_CAP), count > COUNT_CAP, cursor)


def _event_row(keyring: Keyring, row: Event, cases: Sequence[str]) -> EventRow:
    secret = keyring.open_json(row.secret) if row.secret else {}
    assert row.held_at is not None
    return EventRow(
        id=row.id, name=row.title, description=row.description, event_kind=row.kind, visibility=row.visibility,
        when=time_span(row.starts_at, row.ends_at, row.time_zone), town=row.town, country=row.country,
        locale=row.locale, host_name=secret.get("host_name") or "",
        address=mask_address(secret["host_email"]) if secret.get("host_email") else None, cases=cases,
        is_demo=row.is_demo, was_public=row.published_at is not None, held_at=row.held_at, created_at=row.created_at,
        score=row.score, reasons=reason_lines(row.reasons),
    )  # fmt: skip


def _report_page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    rows, count, cursor = _page(session, section, filters, place, size, EventReport)
    events = {
        event.id: event
        for event in session.scalars(select(Event).where(Event.id.in_([row.event_id for row in rows])))
    }  # fmt: skip
    shown = [report_row(session, keyring, section, row, events[row.event_id]) for row in rows]
    return QueuePage(shown, min(count, COUNT_CAP), count > COUNT_CAP, cursor)


def report_row(session: Session, keyring: Keyring, section: Section, row: EventReport, event: Event) -> ReportRow:
    """A report as a moderator sees it: what would be counted, by case."""
    counted = report_counts.counted(row)
    names = session.execute(
        select(Case.id, Case.name)
        .where(Case.section == section.code, Case.id.in_(list(counted)))
        .order_by(Case.position, Case.name)
    )
    lines = [(name, counted[number]) for number, name in names]
    return ReportRow(
        id=row.id, event_id=event.id, name=event.title, ended_at=event.ends_at, people=row.people, lines=lines,
        total=sum(sum(numbers.values()) for _, numbers in lines), note=keyring.open(row.note) if row.note else "",
        is_demo=event.is_demo, held_at=row.held_at or row.created_at, created_at=row.created_at,
    )  # fmt: skip


#: What hosts report, as the tally calls it.
REPORT_WORDS = {
    "letter": lazy_gettext("Letters"),
    "card": lazy_gettext("Cards"),
    "paper_signature": lazy_gettext("Signatures on paper"),
}


def _published(act: str, number: int) -> tuple[Any, Mapping[str, Any]] | None:
    return (event_published, {"event_id": number}) if act == "approve" else None


EVENTS = QueueKind(
    decisions.EVENT,
    lazy_gettext("Events"),
    lambda session, section, filters: _count(session, _waiting(Event, section, filters), Event),
    _event_page,
    decisions.decide,
    decisions.undo,
    feature="events",
    needs_reason=True,
    signals=_published,
    row_words={"event_kinds": EVENT_KINDS},
    why=lazy_gettext("Every event is reviewed before it is published"),
)
REPORTS = QueueKind(
    report_decisions.REPORT,
    lazy_gettext("Reports"),
    lambda session, section, filters: _count(session, _waiting(EventReport, section, filters), EventReport),
    _report_page,
    report_decisions.decide,
    report_decisions.undo,
    feature="events",
    row_words={"action_words": REPORT_WORDS},
    why=lazy_gettext("Every report is reviewed before it counts"),
)
