"""Messages in the desk's queue: every one is read before it is passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...i18n import country_name, language_name, lazy_gettext
from ...keyring import Keyring
from ...models import Case, Message
from ...seam import QueueKind
from ...sections import Section
from ...topics import SOLIDARITY_ROUTES
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from . import decisions, standing
from .directions import direction, language
from .refusals import REFUSALS
from .rules import found_now, route_of
from .written import KIND


@dataclass(frozen=True)
class MessageRow:
    """A message as a moderator sees it, with its case's rules as they are now."""

    id: int
    #: The case: who it is for.
    name: str
    case_slug: str
    text: str
    dir: str
    lang: str
    writer: str
    country: str
    #: The language of the page that it was written on.
    page: str
    #: Masked; ``None`` where there is none.
    address: str | None
    public: bool
    route: str
    languages: Sequence[str]
    rules: Sequence[str]
    held_at: datetime
    created_at: datetime
    score: int
    reasons: Sequence[ReasonLine]
    kind: str = KIND

    @property
    def item(self) -> str:
        """What names it in a form: ``message:17``."""
        return f"{self.kind}:{self.id}"


def _waiting(section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    # Nothing names a case that was withdrawn, and nothing of it is passed on.
    cases = select(Case.id).where(Case.section == section.code, Case.status != "withdrawn")
    if filters.case is not None:
        cases = cases.where(Case.slug == filters.case)
    found: list[ColumnElement[bool]] = [
        Message.section == section.code, Message.held_at.is_not(None), Message.state == "submitted",
        Message.case_id.in_(cases),
    ]  # fmt: skip
    if filters.since is not None:
        found.append(Message.held_at >= filters.since)
    if filters.until is not None:
        found.append(Message.held_at < filters.until)
    if filters.held_for is not None:
        found.append(Message.held_for == filters.held_for)
    return found


def _count(session: Session, section: Section, filters: Filters) -> int:
    capped = select(Message.id).where(*_waiting(section, filters)).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def _page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    order: list[Any] = [Message.held_at, Message.id]
    if filters.order == "newest":
        order = [column.desc() for column in order]
    after = [] if place is None else [place.after(filters.order, Message.held_at, Message.id)]
    query = select(Message).where(*_waiting(section, filters), *after).order_by(*order).limit(size + 1)
    found = session.scalars(query).all()
    rows = found[:size]
    cases = standing.cases_of(session, section)
    last = rows[-1] if len(found) > size else None
    count = _count(session, section, filters)
    return QueuePage(
        [_row(keyring, section, row, cases[row.case_id]) for row in rows],
        min(count, COUNT_CAP),
        count > COUNT_CAP,
        str(Place(last.held_at, last.id)) if last is not None and last.held_at is not None else None,
    )


def _row(keyring: Keyring, section: Section, row: Message, case: Any) -> MessageRow:
    person, text = standing.person_of(keyring, row), standing.text_of(keyring, row)
    said = case.solidarity
    email = person.get("email")
    # Words of a section's own are read by its desk, in its own language.
    rules = [section.word("solidarity_rules", name, section.default_locale) for name in said.get("rules") or ()]
    return MessageRow(
        id=row.id, name=case.name, case_slug=case.slug, text=text, dir=direction(text), lang=language(text, row.locale),
        writer=person.get("name", ""), country=country_name(person.get("country", "")), page=language_name(row.locale),
        address=mask_address(email) if email else None, public=row.public,
        route=str(SOLIDARITY_ROUTES.get(route_of(said), "")),
        languages=[language_name(code) for code in said.get("languages") or ()], rules=rules,
        held_at=row.held_at or row.created_at, created_at=row.created_at, score=row.score,
        reasons=reason_lines(found_now(f"{text}\n{person.get('name', '')}", said, row.reasons)),
    )  # fmt: skip


MESSAGES = QueueKind(
    KIND,
    lazy_gettext("Messages"),
    _count,
    _page,
    decisions.decide,
    decisions.undo,
    feature="messages",
    filters=("held_for",),
    why=lazy_gettext("Every message is read before it is passed on"),
    refusals=REFUSALS,
)
