"""What came of telling others, by case, source and day: visits as a script of ours says them, and forms that were sent.

Nobody is told from anybody: there is no cookie, no address and no number of a visitor in it, and what a form was sent with goes
with the form's own row as soon as it was looked at.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...models import Case, ShareCount
from ...seam import Sweep
from ...sections import Section
from ...state import get_state
from ..campaign.catalogue import local_date
from ..intake.sent import Entry
from ..storage import ages
from ..storage.gathered import Gathered
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from ..storage.upsert import add_up

log = logging.getLogger("flask_w4r.sharing")

VISIT, ACTION = "visit", "action"
KEPT_DAYS = 730
#: Section, case, day, source, variant, kind.
_Key = tuple[str, int, date, str, int, str]
_KEY = ("section", "case_id", "day", "source", "variant", "kind")


class Visits(Gathered[_Key]):
    """One process's visits that are not written yet."""

    def note(self, app: Any, section: Section, case_id: int, via: tuple[str, int]) -> None:
        """Somebody came to a case's page by a link that names its source."""
        day = local_date(section, get_state(app).clock())
        self.add(app, [(section.code, case_id, day, *via, VISIT)])


def visits(app: Any) -> Visits:
    """The visits of this process for an app."""
    found: Visits = get_state(app).once("share_visits", lambda: Visits(_write, log))
    return found


def _write(work: UnitOfWork, counts: Counter[_Key]) -> None:
    # A case may have gone with its section since.
    there = set(work.session.scalars(select(Case.id).where(Case.id.in_({key[1] for key in counts}))))
    _add(work.session, {key: count for key, count in counts.items() if key[1] in there})


def _add(session: Session, counts: dict[_Key, int]) -> None:
    # In the order of the key, so that two who write do not wait for each other in a ring.
    rows = [{**dict(zip(_KEY, key, strict=True)), "count": counts[key]} for key in sorted(counts)]
    add_up(session, ShareCount.__table__, rows, [name for name in _KEY if name != "section"], "count")


def heard(work: UnitOfWork, section: Section, judged: Sequence[tuple[Entry, Any]]) -> None:
    """Count forms that were sent by somebody whom a link led here; those that are held for the desk are not counted.

    See ``seam.Capability``.
    """
    found: Counter[_Key] = Counter()
    for entry, judgement in judged:
        via = entry.sent.via
        if via is None or judgement.held or via[0] not in section.share_sources:
            continue
        day = local_date(section, entry.sent.at)
        found.update((section.code, case_id, day, via[0], via[1], ACTION) for case_id in entry.sent.case_ids)
    if found:
        _write(work, found)


def _over(now: datetime) -> Any:
    return ShareCount.day < (now - timedelta(days=KEPT_DAYS)).date()


def purge(session: Session, sweep: Sweep) -> int:
    """Delete old counts; returns how many rows went."""
    return execute(session, delete(ShareCount).where(_over(sweep.now)))


def due(session: Session, sweep: Sweep) -> int:
    """How many rows are over; see ``seam.Retention``."""
    over = select(ShareCount.day).where(ages.mine(sweep, ShareCount.section), _over(sweep.now))
    return ages.count(session, sweep, over)
