"""Messages that are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Message
from ...seam import Reindexed
from ..people import reindex
from .written import email_scope

_COLUMNS = (Message.id, Message.section, Message.case_id, Message.email_index, Message.person)


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next messages; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.person) or {})
        return {"email_index": keyring.blind(email_scope(row.section, row.case_id), canonical)} if canonical else None

    known = Message.person.is_not(None) & Message.email_index.is_not(None)
    return reindex.step(session, _COLUMNS, known, fresh, after, limit, write=write)[0]
