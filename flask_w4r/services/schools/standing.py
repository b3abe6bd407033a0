"""Which schools are of an address, when they go to the desk, and who the teacher is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import School
from ...sections import Section
from ..people import owners


def teacher_scope(code: str) -> str:
    """The scope of an address among the schools of a section."""
    return f"school|{code}"


def of_address(
    session: Session,
    keyring: Keyring,
    section: Section,
    canonical: str,
    *,
    lock: bool = False,
    state: str | None = None,
) -> Sequence[School]:
    """The schools of an address.

    :param state: those in it alone.
    """
    mine = keyring.blinds(teacher_scope(section.code), canonical)
    return owners.rows_of(session, School, section, mine, lock=lock, state=state)


def submit(session: Session, rows: Sequence[School], *, now: datetime) -> list[int]:
    """The mailbox of some locked schools is proved: they go to the desk.

    :returns: their ids.
    """
    for row in rows:
        row.state, row.held_at, row.updated_at = "submitted", now, now
    session.flush()
    return [row.id for row in rows]


def teacher_of(keyring: Keyring, row: School) -> dict[str, Any]:
    """Name and address of a school's teacher; empty once they were erased."""
    found: dict[str, Any] = keyring.open_json(row.person) if row.person else {}
    return found
