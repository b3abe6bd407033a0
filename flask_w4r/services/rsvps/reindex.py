"""RSVPs that are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Rsvp
from ...seam import Reindexed
from ..people import reindex
from .ask import email_scope

_COLUMNS = (Rsvp.id, Rsvp.section, Rsvp.event_id, Rsvp.email_index, Rsvp.person)


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next RSVPs; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.person) or {})
        return {"email_index": keyring.blind(email_scope(row.section, row.event_id), canonical)} if canonical else None

    def taken(new: Mapping[int, Mapping[str, Any]], rows: Mapping[int, Any]) -> set[int]:
        wanted = {values["email_index"]: number for number, values in new.items()}
        there = select(Rsvp.email_index).where(
            Rsvp.event_id.in_({row.event_id for row in rows.values()}), Rsvp.email_index.in_(wanted)
        )
        return {wanted[bytes(index)] for index in session.scalars(there) if index is not None}

    return reindex.step(session, _COLUMNS, Rsvp.person.is_not(None), fresh, after, limit, write=write, taken=taken)[0]
