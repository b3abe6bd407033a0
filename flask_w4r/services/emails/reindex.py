"""Emails that are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import TargetEmail
from ...seam import Reindexed
from ..people import reindex
from .rows import email_scope

_COLUMNS = (
    TargetEmail.id, TargetEmail.section, TargetEmail.case_id, TargetEmail.target_key, TargetEmail.email_index,
    TargetEmail.person,
)  # fmt: skip


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next emails; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.person) or {})
        return {"email_index": keyring.blind(email_scope(row.section, row.case_id), canonical)} if canonical else None

    def taken(new: Mapping[int, Mapping[str, Any]], rows: Mapping[int, Any]) -> set[int]:
        wanted = {(rows[number].target_key, values["email_index"]): number for number, values in new.items()}
        there = select(TargetEmail.target_key, TargetEmail.email_index).where(
            TargetEmail.case_id.in_({row.case_id for row in rows.values()}),
            TargetEmail.email_index.in_({index for _, index in wanted}),
        )
        found = {(row.target_key, bytes(row.email_index)) for row in session.execute(there)}
        return {number for place, number in wanted.items() if place in found}

    return reindex.step(
        session, _COLUMNS, TargetEmail.person.is_not(None), fresh, after, limit, write=write, taken=taken
    )[0]
