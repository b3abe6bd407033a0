"""Messages of one address, whichever case they are for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Edition, Message
from ...sections import Section
from ..people.addresses import canonical_of
from .written import email_scope


def cases_of(session: Session, section: Section, *, active: bool = False) -> dict[int, Any]:
    """The section's cases by id: ``id slug name status edition_id year solidarity``.

    :param active: only those that take actions.
    """
    query = select(
        Case.id, Case.slug, Case.name, Case.status, Case.edition_id, Case.position, Case.solidarity, Edition.year
    ).join(Edition, Edition.id == Case.edition_id)
    query = query.where(Case.section == section.code)
    if active:
        query = query.where(Case.status == "active")
    return {row.id: row for row in session.execute(query)}


def of_address(
    session: Session,
    keyring: Keyring,
    section: Section,
    canonical: str,
    case_ids: Collection[int],
    *,
    states: Collection[str] | None = None,
    lock: bool = False,
) -> list[Message]:
    """An address' messages for some cases, in the order of ids.

    :param canonical: the address in canonical form.
    :param states: those in some states alone.
    :param lock: keep them from others until the transaction ends.
    """
    indexes = [one for number in case_ids for one in keyring.blinds(email_scope(section, number), canonical)]
    if not indexes or not canonical:
        return []
    # The index begins with the case.
    query = select(Message).where(Message.case_id.in_(case_ids), Message.email_index.in_(indexes))
    query = query.where(Message.section == section.code)
    if states is not None:
        query = query.where(Message.state.in_(states))
    query = query.order_by(Message.id).execution_options(populate_existing=True)
    return list(session.scalars(query.with_for_update() if lock else query))


def pending(
    session: Session, keyring: Keyring, section: Section, canonical: str, *, lock: bool = False
) -> tuple[list[Message], Mapping[int, Any]]:
    """What waits for the proof of an address on cases that take messages, and those cases by id."""
    cases = cases_of(session, section, active=True)
    return of_address(session, keyring, section, canonical, cases, states=("pending",), lock=lock), cases


def by_id(session: Session, section: Section, ids: Sequence[int]) -> list[Message]:
    """Some messages of a section."""
    query = select(Message).where(Message.section == section.code, Message.id.in_(ids)).order_by(Message.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def address_of(keyring: Keyring, rows: Sequence[Message]) -> str:
    """The address that messages were written with, in canonical form; empty where none has one any more."""
    found = (person_of(keyring, row).get("email") for row in rows)
    return next((canonical_of(email) for email in found if email), "")


def person_of(keyring: Keyring, row: Message) -> dict[str, str]:
    """What the writer said of themselves; nothing once it is gone."""
    found: dict[str, str] = keyring.open_json(row.person) if row.person else {}
    return found


def text_of(keyring: Keyring, row: Message) -> str:
    """The message; empty once it is gone."""
    return keyring.open(row.words) if row.words else ""
