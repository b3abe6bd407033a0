"""Slots of days that are past become one: nobody writes them at once any more, and every page reads them."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...models import TallySlot
from ...models.tally import NO_DAY
from ...seam import Tools
from ...state import get_state
from ..storage.unit_of_work import UnitOfWork, read, run
from .counts import add_all
from .keys import Key

#: Seconds between two looks.
FOLD_EVERY = 6 * 3600.0
#: A day is past, wherever the section is, and hardly anything is counted for it any more.
_PAST = timedelta(days=2)
_TABLE: Any = TallySlot.__table__


def job(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Fold the slots of past days, a day of an edition at once. Returns how many slots were ``folded``."""
    before = get_state(app).clock().date() - _PAST
    days = read(app, partial(_unfolded, before=before))
    return {
        "folded": sum(run(app, partial(_fold, code=code, edition_id=number, day=day)) for code, number, day in days)
    }


def _unfolded(session: Session, before: date) -> list[tuple[str, int, date]]:
    spread = (TallySlot.slot != 0, TallySlot.day > NO_DAY, TallySlot.day < before)
    found = select(TallySlot.section, TallySlot.edition_id, TallySlot.day).where(*spread).distinct()
    return [
        (code, number, day)
        for code, number, day in session.execute(found.order_by(TallySlot.edition_id, TallySlot.day))
    ]


def _fold(work: UnitOfWork, code: str, edition_id: int, day: date) -> int:
    # What is counted comes from the rows that the statement itself takes away: whoever adds to one of them meanwhile does so
    # before, and is in it, or after, and makes a new one.
    of_day = (_TABLE.c.edition_id == edition_id, _TABLE.c.day == day, _TABLE.c.slot != 0)
    columns = (_TABLE.c.case_id, _TABLE.c.action_type, _TABLE.c.source, _TABLE.c.status, _TABLE.c.day, _TABLE.c.count)
    rows = work.session.execute(delete(_TABLE).where(*of_day).returning(*columns)).all()
    sums: Counter[Key] = Counter()
    for *key, count in rows:
        sums[Key(*key)] += count
    add_all(work.session, code, edition_id, sums, slot=0)
    return len(rows)
