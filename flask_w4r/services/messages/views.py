"""Messages as a case's page and the desk show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case as sql_case
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import country_name
from ...keyring import Keyring
from ...models import Case, Message
from ...sections import Section
from ...state import Permission
from ..audit import record as audit
from ..campaign.views import CaseView
from ..people.permissions import Staff
from . import rules, standing
from .counts import TO_TAKE
from .directions import direction, language

#: Messages on a case's page, and on one of the desk's.
ON_CASE, ON_DESK = 6, 50


@dataclass(frozen=True)
class MessageView:
    """A message with what its writer lets be known: a first name, as far as given, and the country."""

    id: int
    text: str
    dir: str
    lang: str
    name: str
    country: str
    is_shown: bool
    approved_at: datetime | None


@dataclass(frozen=True)
class CaseRow:
    """A case as the desk's list of messages has it."""

    case_id: int
    slug: str
    name: str
    edition: str
    status: str
    route: str
    waiting: int
    to_take: int
    taken: int


def _view(keyring: Keyring, row: Message) -> MessageView:
    person, text = standing.person_of(keyring, row), standing.text_of(keyring, row)
    country = person.get("country", "")
    return MessageView(
        row.id, text, direction(text), language(text, row.locale), person.get("name", ""), country_name(country) if country else "",
        row.shown_at is not None, row.approved_at,
    )  # fmt: skip


def shown(session: Session, keyring: Keyring, section: Section, case: CaseView) -> list[MessageView]:
    """What the desk put on a case's page, the newest first."""
    if not rules.may_be_shown(section, case.solidarity):
        return []
    query = select(Message).where(Message.case_id == case.id, Message.state == "approved", Message.public.is_(True))
    query = query.where(Message.shown_at.is_not(None), Message.words.is_not(None))
    rows = session.scalars(query.order_by(Message.shown_at.desc(), Message.id.desc()).limit(ON_CASE))
    return [_view(keyring, row) for row in rows]


def overview(session: Session, staff: Staff) -> list[CaseRow]:
    """Cases that can be written to, or were; the newest edition first.

    :raises PermissionDenied: they may not see the queue here.
    """
    staff.allowed(Permission.VIEW_QUEUE)
    section = staff.section
    taken = func.sum(sql_case((Message.taken_at.is_not(None), 1), else_=0))
    to_take = func.sum(sql_case((TO_TAKE, 1), else_=0))
    waiting = func.sum(sql_case((Message.state == "submitted", 1), else_=0))
    query = select(Message.case_id, waiting, to_take, taken).where(Message.section == section.code)
    counted = {row[0]: tuple(map(int, row[1:])) for row in session.execute(query.group_by(Message.case_id))}
    cases = [case for case in standing.cases_of(session, section).values() if case.status != "withdrawn"]
    cases.sort(key=lambda case: (case.position, case.name))
    cases.sort(key=lambda case: case.year, reverse=True)
    return [
        CaseRow(case.id, case.slug, case.name, case.year, case.status, rules.route_of(case.solidarity), *counted.get(case.id, (0, 0, 0)))
        for case in cases
        if case.id in counted or rules.route_of(case.solidarity) != rules.NO_ROUTE
    ]  # fmt: skip


def showable(
    session: Session, staff: Staff, slug: str, after: int | None = None
) -> tuple[Sequence[MessageView], int | None]:
    """Approved messages of a case whose writers let them be shown, the newest first, a page at a time.

    :param after: the last of the page before.
    :returns: them, and where the next page begins.
    """
    staff.allowed(Permission.VIEW_QUEUE)
    section = staff.section
    cases = select(Case.id).where(Case.section == section.code, Case.slug == slug, Case.status != "withdrawn")
    query = select(Message).where(Message.case_id.in_(cases), Message.state == "approved", Message.public.is_(True))
    query = query.where(Message.words.is_not(None))
    if after is not None:
        query = query.where(Message.id < after)
    rows = session.scalars(query.order_by(Message.id.desc()).limit(ON_DESK + 1)).all()
    page = rows[:ON_DESK]
    return [_view(staff.keyring, row) for row in page], page[-1].id if len(rows) > ON_DESK else None


def show(session: Session, staff: Staff, slug: str, number: int, *, is_shown: bool) -> bool:
    """Put a message on the case's page, or take it off; logged.

    :returns: whether anything changed.
    :raises PermissionDenied: they may not decide here.
    :raises NotFound: the case has no such message whose writer lets it be shown.
    """
    actor = staff.allowed(Permission.DECIDE)
    query = select(Message).where(Message.id == number, Message.section == staff.section.code)
    query = query.where(Message.state == "approved", Message.public.is_(True), Message.words.is_not(None))
    row = session.scalars(query.with_for_update().execution_options(populate_existing=True)).first()
    case = session.get(Case, row.case_id) if row is not None else None
    if row is None or case is None or case.slug != slug or case.status == "withdrawn":
        raise NotFound(str(number))
    if is_shown and not rules.may_be_shown(staff.section, case.solidarity):
        raise NotFound(str(number))
    if (row.shown_at is not None) is is_shown:
        return False
    row.shown_at, row.updated_at, row.version = (staff.now if is_shown else None), staff.now, row.version + 1
    session.flush()
    audit.append(
        session, staff.keyring, staff.section, actor.id, "message_shown" if is_shown else "message_hidden", f"message:{number}",
        changes={}, count=1, now=staff.now,
    )  # fmt: skip
    return True


def urls(session: Session, section: Section, slug: str, absolute: Any) -> list[str | None]:
    """The public pages of a case where messages are written; see ``seam.Capability``."""
    names = ("solidarity", "solidarity_thanks", "solidarity_sent")
    return [absolute(name, locale=locale, slug=slug) for locale in section.locales for name in names]
