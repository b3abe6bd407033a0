"""Whose emails are: found by a keyed hash that holds within one case, so that nothing joins what one person wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, TargetEmail
from ...sections import Section
from ..campaign.views import Lens

#: Values in one IN list.
_CHUNK = 500
#: What is personal of an email. What stays says that one left, when, and that it counts.
NOBODY: dict[str, Any] = {
    "email_index": None, "person": None, "words": None, "reasons": [], "held_at": None, "held_for": None, "chosen": False,
}  # fmt: skip


def email_scope(section: Section | str, case_id: int) -> str:
    """The scope of an email's blind index: one case.

    :param section: or its code.
    """
    return f"email|{section if isinstance(section, str) else section.code}|{case_id}"


def of_address(
    session: Session,
    keyring: Keyring,
    section: Section,
    canonical: str,
    *,
    states: Collection[str] = (),
    lock: bool = False,
) -> list[TargetEmail]:
    """The emails of an address, in the order in which they came.

    :param states: of these alone; default: all.
    :param lock: keep them from others until the transaction ends.
    """
    known: tuple[Any, ...] = (TargetEmail.section == section.code, TargetEmail.email_index.is_not(None))
    if states:
        known = (*known, TargetEmail.state.in_(states))
    cases = session.scalars(select(TargetEmail.case_id).where(*known).distinct()).all()
    indexes = [index for case in cases for index in keyring.blinds(email_scope(section, case), canonical)]
    found: list[TargetEmail] = []
    for start in range(0, len(indexes), _CHUNK):
        query = select(TargetEmail).where(
            *known, TargetEmail.case_id.in_(cases), TargetEmail.email_index.in_(indexes[start : start + _CHUNK])
        )
        query = query.order_by(TargetEmail.id).execution_options(populate_existing=True)
        found += session.scalars(query.with_for_update() if lock else query)
    return sorted(found, key=lambda row: row.id)


def waiting(section: Section) -> tuple[Any, ...]:
    """The condition that an email of a section waits for its turn."""
    return (TargetEmail.section == section.code, *waits())


def waits() -> tuple[Any, ...]:
    """The condition that an email waits for its turn: its mailbox is proved, nothing holds it, the outbox has it not."""
    return (TargetEmail.state == "confirmed", TargetEmail.held_at.is_(None), TargetEmail.leaves_at.is_(None))


def lock(session: Session, section: Section, ids: Collection[int]) -> list[TargetEmail]:
    """These emails of the section as they stand now, kept from others until the transaction ends."""
    query = select(TargetEmail).where(TargetEmail.section == section.code, TargetEmail.id.in_(ids))
    query = query.order_by(TargetEmail.id).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(query))


def case_rows(session: Session, ids: Collection[int]) -> dict[int, Case]:
    """Cases as they stand in the database now, by id."""
    query = select(Case).where(Case.id.in_(ids)).execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(query)}


def at_lens(lens: Lens, locale: str) -> Lens:
    """The same look at the campaign in another language, which the section has."""
    chosen = locale if locale in lens.section.locales else lens.locale
    return Lens(lens.section, chosen, lens.now, lens.link)


def wipe(rows: Sequence[TargetEmail], state: str | None, *, now: datetime) -> None:
    """Take what is personal from locked rows.

    :param state: what becomes of those that did not leave; ``None``: as they are.
    """
    for row in rows:
        for name, value in NOBODY.items():
            setattr(row, name, value)
        if state is not None and row.state != "sent":
            row.state = state
        row.version += 1
        row.updated_at = now
