"""What a process keeps of the overview between two counts of the worker, and how it tells that it still holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...models import Alert, Case, DeskState, Signature
from ...sections import Section
from ..mail import stop as mail_stop

#: No longer than this, even while the worker does not count: visits to the form are noted between two counts.
KEPT = timedelta(seconds=60)
#: Sections times windows times cases; whoever looks at more reads again.
MOST_KEPT = 64
#: More than so many that wait are told as "1,000+".
MOST_WAITING = 1000


class Stamp(NamedTuple):
    """What changes whenever something on the page may have changed."""

    version: int | None
    counted_at: datetime | None
    alert_at: datetime | None
    case_at: datetime | None
    status_at: datetime | None


class Kept:
    """The pages that one process assembled last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, tuple[Stamp, datetime, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def peek(self, key: Hashable) -> Any:
        """The page of that key, whether it still holds or not; ``None`` where there is none."""
        with self._lock:
            found = self._pages.get(key)
        return found[2] if found else None

    def get(self, key: Hashable, stamp: Stamp, now: datetime) -> Any:
        """The page of that key if it is still of this stamp and not too old; else ``None``."""
        with self._lock:
            found = self._pages.get(key)
        return found[2] if found and found[0] == stamp and timedelta(0) <= now - found[1] < KEPT else None

    def put(self, key: Hashable, stamp: Stamp, now: datetime, page: Any) -> None:
        """Keep a page that was read after its stamp was; the one put longest ago goes."""
        with self._lock:
            self._pages.pop(key, None)
            self._pages[key] = (stamp, now, page)
            while len(self._pages) > MOST_KEPT:
                self._pages.popitem(last=False)


def look(
    session: Session, section: Section, case_id: int | None, *, now: datetime
) -> tuple[Stamp, int, datetime | None]:
    """One row: the stamp; how many wait now, up to one above :data:`MOST_WAITING`; and since when no mail leaves.

    :param case_id: count what waits on one case only.
    """
    held = select(Signature.id).where(Signature.section == section.code, Signature.held_at.is_not(None))
    if case_id is not None:
        held = held.where(Signature.case_id == case_id)
    waiting = select(func.count()).select_from(held.limit(MOST_WAITING + 1).subquery())
    ours = DeskState.section == section.code
    newest = [
        select(func.max(column)).where(model.section == section.code)
        for model, column in ((Alert, Alert.raised_at), (Case, Case.updated_at), (Case, Case.status_changed_at))
    ]
    asked = (
        select(DeskState.version).where(ours),
        select(DeskState.counted_at).where(ours),
        *newest,
        waiting,
        mail_stop.since(now),
    )
    *stamp, count, stopped = session.execute(select(*(query.scalar_subquery() for query in asked))).one()
    return Stamp(*stamp), count, stopped
