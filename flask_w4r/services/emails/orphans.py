"""Emails to somebody who is no longer a case's target: held, their writers told, and then moved or cancelled by the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, TargetEmail
from ...sections import Section
from ..mail import outbox
from .targets import targets_of, writable

#: What holds them.
GONE = "target_gone"
REASON: dict[str, Any] = {"check": GONE, "score": 0, "hold": True}
#: The mail that tells their writers.
TOLD = "email_held"
#: Rows in one piece.
_PIECE = 500


def hold(session: Session, keyring: Keyring, section: Section, case: Case, key: str, *, now: datetime) -> int:
    """Hold what waits to leave for a target that the case has no more. Returns how many, a piece at a time."""
    query = select(TargetEmail).where(
        TargetEmail.section == section.code, TargetEmail.case_id == case.id, TargetEmail.target_key == key,
        TargetEmail.state == "confirmed", TargetEmail.held_at.is_(None), TargetEmail.leaves_at.is_(None),
    )  # fmt: skip
    found = session.scalars(query.order_by(TargetEmail.id).limit(_PIECE).with_for_update()).all()
    for row in found:
        row.held_at, row.held_for, row.reasons, row.updated_at = now, GONE, [*row.reasons, REASON], now
        tell(session, keyring, section, row, TOLD, now=now)
    session.flush()
    return len(found)


def is_gone(case: Case, row: TargetEmail) -> bool:
    """Whether an email writes to somebody who is no longer the case's target."""
    return all(one.key != row.target_key for one in targets_of(case))


def move(session: Session, case: Case, row: TargetEmail) -> bool:
    """Let a locked email go to whom the case writes to now. Returns false where there is nobody, or they have one from its
    writer already."""
    new = next(iter(writable(case)), None)
    if new is None or not row.email_index:
        return False
    there = select(TargetEmail.id).where(
        TargetEmail.case_id == case.id, TargetEmail.target_key == new.key, TargetEmail.email_index == row.email_index
    )
    if session.execute(there).first() is not None:
        return False
    row.target_key = new.key
    return True


def tell(
    session: Session, keyring: Keyring, section: Section, row: TargetEmail, kind: str, *, now: datetime, why: str = ""
) -> None:
    """Write to whoever wrote an email, if they proved their address, once about each version of it.

    :param why: of ``refusals``.
    """
    if row.confirmed_at is None:
        return
    email = keyring.open_json(row.person).get("email") if row.person else None
    if not email:
        return
    values = outbox.outbox_values(
        keyring, section, kind, row.locale, email, {"email": row.id, "cases": [row.case_id], "why": why}, now=now, cap_index=None,
        cap_day=None, dedupe=keyring.blind("dedupe|email", f"{kind}|{section.code}|{row.id}|{row.version}"),
    )  # fmt: skip
    outbox.enqueue(session, values)
