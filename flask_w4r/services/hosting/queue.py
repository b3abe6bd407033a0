"""Events that wait for the desk. No street is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext, time_span
from ...keyring import Keyring
from ...models import Case, Event, EventCase
from ...seam import QueueKind
from ...sections import Section
from ...signals import event_published
from ...topics import EVENT_KINDS
from ..moderation import listing
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from . import decisions


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


def _waiting(section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    found = listing.waiting(Event, section, filters)
    if filters.score is not None:
        found.append(Event.score >= filters.score)
    if filters.case is not None:
        named = select(EventCase.event_id).join(Case, Case.id == EventCase.case_id)
        found.append(
            exists(named.where(EventCase.event_id == Event.id, Case.section == section.code, Case.slug == filters.case))
        )
    return found


def _event_page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    rows, count, cursor = listing.page(session, _waiting(section, filters), filters, place, size, Event)
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


def _published(act: str, number: int) -> tuple[Any, Mapping[str, Any]] | None:
    return (event_published, {"event_id": number}) if act == "approve" else None


EVENTS = QueueKind(
    decisions.EVENT,
    lazy_gettext("Events"),
    lambda session, section, filters: listing.count(session, _waiting(section, filters), Event),
    _event_page,
    decisions.decide,
    decisions.undo,
    feature="events",
    needs_reason=True,
    signals=_published,
    row_words={"event_kinds": EVENT_KINDS},
    why=lazy_gettext("Every event is reviewed before it is published"),
)
