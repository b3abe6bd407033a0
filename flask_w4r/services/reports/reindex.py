"""Those who report and are known by an earlier index key come to be known by the newest."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Report
from ...seam import Reindexed
from ..people import reindex
from .standing import digests_of, reporter_scope

_COLUMNS = (
    Report.id, Report.section, Report.email_index, Report.digest, Report.person, Report.counts, Report.people,
    Report.on_date, Report.place, Report.event_id,
)  # fmt: skip


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next reports; see ``seam.Indexed``."""

    def fresh(row: Any) -> dict[str, Any] | None:
        canonical = reindex.mailbox_of(reindex.opened(keyring, row.person) or {}, "email")
        if not canonical:
            return None
        return {
            "email_index": keyring.blind(reporter_scope(row.section), canonical),
            "digest": digests_of(keyring, row.section, canonical, row)[0],
        }

    return reindex.step(session, _COLUMNS, Report.email_index.is_not(None), fresh, after, limit, write=write)[0]
