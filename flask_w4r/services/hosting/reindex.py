"""Hosts who are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event
from ...seam import Reindexed
from ..people import reindex
from .draft import host_scope

_COLUMNS = (Event.id, Event.section, Event.host_index, Event.secret)


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next events; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.secret) or {}, "host_email")
        return {"host_index": keyring.blind(host_scope(row.section), canonical)} if canonical else None

    return reindex.step(session, _COLUMNS, Event.host_index.is_not(None), fresh, after, limit, write=write)[0]
