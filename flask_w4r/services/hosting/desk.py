"""Events at the desk beyond the queue: their list, and all of one. Each function asks for the permission itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import long_datetime, time_span
from ...keyring import Keyring
from ...models import Case, Event, EventCase, Report, Rsvp
from ...models.events import EVENT_STATES
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..events.views import shows_exact
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from ..people.permissions import require
from ..reports import hosted
from ..reports.queue import ReportRow, rows_of
from . import lifecycle

PAGE = 50
#: States whose event can be found by the public.
PUBLIC = ("published", "over", "cancelled")


@dataclass(frozen=True)
class EventLine:
    """An event in the desk's list."""

    id: int
    title: str
    state: str
    kind: str
    when: str
    town: str
    country: str
    waits: bool
    seats_taken: int
    capacity: int | None
    host_verified: bool
    is_demo: bool


@dataclass(frozen=True)
class HeldGuest:
    """A party that the checks held: it has no place in the line yet."""

    id: int
    name: str
    address: str | None
    party_size: int
    confirmed: bool
    reasons: Sequence[ReasonLine]


@dataclass(frozen=True)
class DeskEvent:
    """All that the desk sees of an event: its street too, its host's address masked."""

    id: int
    slug: str
    title: str
    description: str
    state: str
    kind: str
    visibility: str
    #: Whether the exact place is public as long as the event is.
    shows_exact: bool
    when: str
    town: str
    country: str
    venue: str
    street: str
    online_url: str
    host_name: str
    host_address: str | None
    host_verified: bool
    locale: str
    cases: Sequence[str]
    capacity: int | None
    seats_taken: int
    waiting: int
    is_closed: bool
    is_demo: bool
    is_public: bool
    waits: bool
    score: int
    reasons: Sequence[ReasonLine]
    created_at: datetime
    published_at: datetime | None
    held_guests: Sequence[HeldGuest]
    report: ReportRow | None
    report_state: str | None


def listing(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    *,
    state: str = "",
    text: str = "",
    after: int = 0,
) -> tuple[list[EventLine], int | None]:
    """Events of the section, the newest first.

    :param state: one of ``EVENT_STATES``; anything else is every state but ``unconfirmed``.
    :param text: part of a title or a town.
    :param after: the id that the page before ended with; 0 for the first.
    :returns: a page, and what to give as ``after`` for the next one.
    :raises PermissionDenied: the actor may not manage events here.
    """
    require(hooks, actor, Permission.MANAGE_EVENTS, section)
    query = select(Event).where(Event.section == section.code)
    query = query.where(Event.state == state if state in EVENT_STATES else Event.state != "unconfirmed")
    if text:
        query = query.where(
            or_(*(column.icontains(text[:100], autoescape=True) for column in (Event.title, Event.town)))
        )
    if after:
        query = query.where(Event.id < after)
    rows = session.scalars(query.order_by(Event.id.desc()).limit(PAGE + 1)).all()
    lines = [
        EventLine(
            id=row.id, title=row.title, state=row.state, kind=row.kind, town=row.town, country=row.country,
            when=long_datetime(row.starts_at, row.time_zone), waits=row.held_at is not None,
            seats_taken=row.seats_taken, capacity=row.capacity, host_verified=row.host_verified, is_demo=row.is_demo,
        )
        for row in rows[:PAGE]
    ]  # fmt: skip
    return lines, lines[-1].id if len(rows) > PAGE else None


def waiting(session: Session, section: Section) -> tuple[int, int]:
    """How many events and reports wait for the desk."""
    counts = [
        session.scalar(select(func.count()).where(model.section == section.code, model.held_at.is_not(None))) or 0
        for model in (Event, Report)
    ]
    return counts[0], counts[1]


def detail(
    session: Session, hooks: Hooks, actor: Actor | None, keyring: Keyring, section: Section, event_id: int
) -> DeskEvent:
    """One event.

    :raises PermissionDenied: the actor may not manage events here.
    :raises NotFound: the section has no such event.
    """
    require(hooks, actor, Permission.MANAGE_EVENTS, section)
    row = lifecycle.find(session, section, number_of(event_id))
    secret: dict[str, Any] = keyring.open_json(row.secret) if row.secret else {}
    names = session.scalars(
        select(Case.name)
        .join(EventCase, and_(EventCase.case_id == Case.id, EventCase.event_id == row.id))
        .where(Case.section == section.code)
        .order_by(Case.position, Case.name)
    ).all()
    report = hosted.find(session, row.id)
    return DeskEvent(
        id=row.id, slug=row.slug, title=row.title, description=row.description, state=row.state, kind=row.kind,
        visibility=row.visibility, shows_exact=shows_exact(row),
        when=time_span(row.starts_at, row.ends_at, row.time_zone), town=row.town, country=row.country,
        venue=secret.get("venue_name") or "", street=secret.get("address") or "",
        online_url=secret.get("online_url") or "", host_name=secret.get("host_name") or "",
        host_address=mask_address(secret["host_email"]) if secret.get("host_email") else None,
        host_verified=row.host_verified, locale=row.locale, cases=names, capacity=row.capacity,
        seats_taken=row.seats_taken, waiting=row.waiting, is_closed=row.closed_at is not None, is_demo=row.is_demo,
        is_public=row.state in PUBLIC, waits=row.state == "submitted" and row.held_at is not None, score=row.score,
        reasons=reason_lines(row.reasons), created_at=row.created_at, published_at=row.published_at,
        held_guests=_held(session, keyring, row.id),
        report=rows_of(session, keyring, section, [report])[0] if report else None,
        report_state=report.state if report else None,
    )  # fmt: skip


def _held(session: Session, keyring: Keyring, event_id: int) -> list[HeldGuest]:
    rows = session.scalars(
        select(Rsvp)
        .where(Rsvp.event_id == event_id, Rsvp.held_at.is_not(None), Rsvp.state.in_(("pending", "waitlisted")))
        .order_by(Rsvp.id)
        .limit(PAGE)
    )
    found = []
    for row in rows:
        person = keyring.open_json(row.person) if row.person else {}
        email = person.get("email")
        found.append(
            HeldGuest(
                row.id, person.get("name") or "", mask_address(email) if email else None, row.party_size,
                row.confirmed_at is not None, reason_lines(row.reasons),
            )
        )  # fmt: skip
    return found


def number_of(number: int) -> int:
    """An id from a URL.

    :raises NotFound: no database could hold it.
    """
    if not 0 < number < 2**63:
        raise NotFound(str(number))
    return number
