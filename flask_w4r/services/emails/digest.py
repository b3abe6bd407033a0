"""A weekly digest in place of single emails: how many wrote, how many since the last, and what some of them said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import TargetEmail
from ...sections import Section
from ...sections.emails import EmailRules
from ..people.names import full_name
from ..storage.rows import execute
from .outgoing import DIGEST, enqueue
from .rows import waiting
from .targets import hours_of

WEEK = timedelta(days=7)
#: So many are quoted at most.
QUOTED = 10


def _of(case_id: int, key: str) -> tuple[Any, ...]:
    return (TargetEmail.case_id == case_id, TargetEmail.target_key == key)


def release(
    session: Session, keyring: Keyring, section: Section, rules: EmailRules, groups: Sequence[Any], *, now: datetime
) -> int:
    """Put the digests that are due in the outbox, each with all that waits. Returns how many emails they stand for."""
    released = 0
    for group in groups:
        mine = _of(group.case_id, group.target.key)
        last = session.scalar(select(func.max(TargetEmail.leaves_at)).where(*mine))
        first = session.scalar(select(func.min(TargetEmail.confirmed_at)).where(*waiting(section), *mine))
        due = hours_of(group.target, rules).next_open((last or first or now) + WEEK)
        if due > now or hours_of(group.target, rules).next_open(now) > now:
            continue
        query = select(TargetEmail.id).where(*waiting(section), *mine).order_by(TargetEmail.id).with_for_update()
        ids = session.scalars(query).all()
        if not ids:
            continue
        goes = update(TargetEmail).where(TargetEmail.id.in_(ids)).values(leaves_at=now, mailbox=group.target.mailbox)
        execute(session, goes)
        row = session.get_one(TargetEmail, ids[-1], populate_existing=True)
        enqueue(session, keyring, section, DIGEST, row, group.target, now=now)
        released += len(ids)
    return released


def stands_for(session: Session, row: TargetEmail) -> list[TargetEmail]:
    """The emails that a digest stands for, by the last of them."""
    query = select(TargetEmail).where(
        *_of(row.case_id, row.target_key), TargetEmail.leaves_at == row.leaves_at, TargetEmail.state == "confirmed"
    )
    return list(session.scalars(query.order_by(TargetEmail.id).execution_options(populate_existing=True)))


def said(session: Session, keyring: Keyring, row: TargetEmail) -> dict[str, Any]:
    """What a digest says: how many, how many since the last, and the comments that the desk chose."""
    new = stands_for(session, row)
    before = select(func.count()).where(*_of(row.case_id, row.target_key), TargetEmail.state == "sent")
    chosen = [one for one in new if one.chosen and one.person and one.words][:QUOTED]
    quotes = [
        (full_name(keyring.open_json(one.person or "")), keyring.open_json(one.words or "")["body"]) for one in chosen
    ]
    return {"new": len(new), "total": len(new) + int(session.scalar(before) or 0), "quotes": quotes}
