"""Taking approved messages to pass them on: each once, and again where somebody says so.

What is taken is marked first and made then, so that two who print at once print no card twice; where it cannot be made, the
mark goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, NotFound, WayClosed
from ...keyring import Keyring
from ...models import Case, Edition, Message
from ...sections import Section
from ..storage.rows import execute
from . import standing
from .counts import TO_TAKE
from .rules import NO_ROUTE, route_of

#: Messages of one run: a file of cards that a printer takes.
MOST = 1000
#: What was passed on and is here still.
_TAKEN = and_(Message.state == "approved", Message.taken_at.is_not(None), Message.words.is_not(None))


@dataclass(frozen=True)
class Card:
    """One message as it is passed on. Nothing tells more of its writer than they chose to say to the person."""

    text: str
    name: str
    country: str
    locale: str


@dataclass(frozen=True)
class Run:
    """Messages that were taken at one moment."""

    at: datetime
    count: int


def find_case(session: Session, section: Section, slug: str, *, lock: bool = False) -> Case:
    """The case, in the newest edition that has it, whose messages may be passed on.

    :raises NotFound: there is none of that name.
    :raises CaseWithdrawn: it was withdrawn: nothing is passed on.
    :raises WayClosed: messages cannot reach the person any more.
    """
    query = (
        select(Case)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.slug == slug)
        .order_by(Edition.starts_on.desc())
        .execution_options(populate_existing=True)
    )
    row = session.scalars(query.with_for_update(of=Case) if lock else query).first()
    if row is None:
        raise NotFound(slug)
    if row.status == "withdrawn":
        raise CaseWithdrawn(slug)
    if route_of(row.solidarity) == NO_ROUTE:
        raise WayClosed(slug)
    return row


def take(session: Session, section: Section, slug: str, *, now: datetime, limit: int = MOST) -> list[int]:
    """Mark messages of a case that were not passed on yet, in every edition that has it, the oldest first.

    :param limit: at most so many; the others are in the next run.
    :returns: their ids; none where there are none.
    """
    find_case(session, section, slug, lock=True)
    waits = select(Message.id).where(Message.section == section.code, _of_case(section, slug), TO_TAKE)
    ids = list(session.scalars(waits.order_by(Message.approved_at, Message.id).limit(limit).with_for_update()))
    if ids:
        taken = update(Message).where(Message.id.in_(ids), TO_TAKE)
        execute(session, taken.values(taken_at=now, updated_at=now, version=Message.version + 1))
    return ids


def give_back(session: Session, section: Section, ids: Sequence[int], at: datetime) -> None:
    """What was marked could not be made: it is in the next run."""
    mine = update(Message).where(Message.section == section.code, Message.id.in_(ids), Message.taken_at == at)
    execute(session, mine.values(taken_at=None))


def taken_at(session: Session, section: Section, slug: str, at: datetime | None) -> list[int]:
    """Messages of a case that were taken before, to be made again.

    :param at: those of one run; ``None``: all.
    """
    find_case(session, section, slug)
    query = select(Message.id).where(Message.section == section.code, _of_case(section, slug), _TAKEN)
    if at is not None:
        query = query.where(Message.taken_at == at)
    return list(session.scalars(query.order_by(Message.approved_at, Message.id)))


def cards(session: Session, keyring: Keyring, section: Section, ids: Sequence[int]) -> dict[int, Card]:
    """The messages themselves by id, in the order of ``ids``; who erased theirs meanwhile is not among them."""
    rows = {row.id: row for row in standing.by_id(session, section, ids) if row.state == "approved" and row.words}
    return {number: _card(keyring, rows[number]) for number in ids if number in rows}


def _card(keyring: Keyring, row: Message) -> Card:
    person = standing.person_of(keyring, row)
    return Card(standing.text_of(keyring, row), person.get("name", ""), person.get("country", ""), row.locale)


def runs(session: Session, section: Section, slug: str, *, limit: int = 20) -> list[Run]:
    """When messages of a case were taken, the newest first, as far as they are here still."""
    query = (
        select(Message.taken_at, func.count())
        .where(Message.section == section.code, _of_case(section, slug), _TAKEN)
        .group_by(Message.taken_at)
        .order_by(Message.taken_at.desc())
        .limit(limit)
    )
    return [Run(at, count) for at, count in session.execute(query) if at is not None]


def waiting(session: Session, section: Section, slug: str) -> int:
    """How many messages of a case were not passed on yet."""
    query = select(func.count()).where(Message.section == section.code, _of_case(section, slug), TO_TAKE)
    return session.scalar(query) or 0


def _of_case(section: Section, slug: str) -> Any:
    return Message.case_id.in_(select(Case.id).where(Case.section == section.code, Case.slug == slug))
