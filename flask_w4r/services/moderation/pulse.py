"""Counting by the hour, by the worker, so that the desk's overview asks for numbers and never for signatures.

An hour is counted anew from the rows that arrived in it and written over what stood there, so it does not matter how
often, or by how many workers at once, that is done. What a signature became since shows in the hour it arrived in.
All sections are counted together: a round sends as many statements for many of them as for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from ...models import Alert, DeskState, Pulse
from ...seam import Sweep
from ...state import get_state
from ..storage import ages
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_missing, upsert
from . import alerts
from .pulse_counts import (
    HOUR,
    NETWORK_METRICS,
    NETWORKS_NAMED,
    OPENED,
    WHOLE_SECTION,
    Counts,
    count_hours,
    hour_of,
    kept_hours,
)  # fmt: skip
from .usual import Rates, no_rates, usual_rates

__all__ = [
    "HOUR", "NETWORKS_NAMED", "NETWORK_METRICS", "OPENED", "WHOLE_SECTION", "add_opened", "count", "hour_of",
    "purge_pulse", "run_pulse", "usual_rates",
]  # fmt: skip

#: Seconds between two counts; the page says so when the last one is older than ``STALE``.
PULSE_EVERY = 15.0
STALE = timedelta(minutes=2)
#: What is counted each time, and every ten minutes: mails are confirmed, and decisions made, later than the arrival.
RECENT_HOURS = 2
LONG_HOURS = 72
LONG_EVERY = timedelta(minutes=10)
#: So many hours are counted at once, so that no answer, and no transaction, is very large.
HOURS_AT_ONCE = 24
PULSE_KEPT = timedelta(days=400)
#: Hashes of networks go with the key of their day.
NETWORKS_KEPT_DAYS = 14


@dataclass
class Rhythm:
    """What one process remembers between two counts."""

    long_at: datetime | None = None


def run_pulse(app: Any, tools: Any = None) -> dict[str, Any]:
    """Count the last hours of every section, work out what is usual, and raise alerts.

    :param app: the Flask app.
    :param tools: as every job is given; not used.
    :returns: how many hours had changed, and how many alerts were raised.
    """
    state = get_state(app)
    rhythm: Rhythm = state.once("pulse_rhythm", Rhythm)
    now, codes = state.clock(), sorted(state.sections)
    long = rhythm.long_at is None or not timedelta(0) <= now - rhythm.long_at < LONG_EVERY
    changed = count(app, now, LONG_HOURS if long else RECENT_HOURS)
    rates = read(app, partial(usual_rates, codes=codes, now=now)) if long else None
    run(app, lambda work: _note(work.session, codes, now, rates))
    if long:
        rhythm.long_at = now
    # Nearly always there are none: that costs a read and no write lock.
    suspects = read(app, partial(alerts.suspects, codes=codes, now=now))
    raised = run(app, partial(alerts.look, suspects=suspects, now=now)) if suspects else 0
    return {"hours": changed, "alerts": raised}


def count(app: Any, now: datetime, hours: int) -> int:
    """Count the last hours of every section, and write down what differs.

    :param app: the Flask app.
    :param now: the moment to go by.
    :param hours: how many, that of ``now`` among them.
    :returns: how many hours, of all sections, differed.
    """
    codes = sorted(get_state(app).sections)
    until, changed = hour_of(now) + HOUR, 0
    while hours > 0:
        since = until - min(hours, HOURS_AT_ONCE) * HOUR
        changed += _count(app, codes, since, until)
        until, hours = since, hours - HOURS_AT_ONCE
    return changed


def _count(app: Any, codes: Sequence[str], since: datetime, until: datetime) -> int:
    def look(session: Session) -> tuple[Counts, Counts]:
        return count_hours(session, codes, since, until), kept_hours(session, codes, since, until)

    counted, kept = read(app, look)
    changed = {key[:2] for key, _ in counted.items() ^ kept.items()}
    if not changed:
        return 0

    def write(work: UnitOfWork) -> None:
        session, concerned = work.session, sorted({code for code, _ in changed})
        # Whoever holds these rows writes; two workers would meet each other's keys otherwise.
        _lock(session, concerned)
        standing = {
            key: number for key, number in kept_hours(session, concerned, since, until).items() if key[:2] in changed
        }
        gone = [key for key, number in standing.items() if counted.get(key) != number]
        fresh = [key for key in counted if key[:2] in changed and standing.get(key) != counted[key]]
        names = ("section", "hour", "case_id", "metric", "key")
        if gone:
            of_key = (getattr(Pulse, name) == bindparam(f"own_{name}") for name in names)
            # By the whole primary key, as every database finds it at once.
            rows = [{f"own_{name}": part for name, part in zip(names, key, strict=True)} for key in sorted(gone)]
            session.connection().execute(delete(Pulse).where(*of_key), rows)
        if fresh:
            session.execute(
                insert(Pulse), [{**dict(zip(names, key, strict=True)), "count": counted[key]} for key in sorted(fresh)]
            )

    run(app, write)
    return len(changed)


def _lock(session: Session, codes: Sequence[str]) -> Mapping[str, Any]:
    """Lock the sections' rows, made where there are none, and return what is usual in each as it stands."""
    mine = (
        select(DeskState.section, DeskState.usual)
        .where(DeskState.section.in_(codes))
        # In one order, so that two who lock several wait for each other and no more.
        .order_by(DeskState.section)
        .with_for_update()
    )
    found: dict[str, Any] = dict(session.execute(mine).all())
    missing = [code for code in codes if code not in found]
    if missing:
        fresh = [{"section": code, "version": 0, "usual": {}} for code in missing]
        insert_missing(session, DeskState.__table__, fresh)
        found = dict(session.execute(mine).all())
    return found


def _note(session: Session, codes: Sequence[str], now: datetime, rates: Mapping[str, Rates] | None) -> None:
    """Write down that it was counted, and what is usual where that is new."""
    standing = _lock(session, codes)
    execute(session, update(DeskState).where(DeskState.section.in_(codes)).values(counted_at=now))
    if rates is None:
        return
    fresh = [
        {"code": code, "rates": rates.get(code, no_rates())}
        for code in codes
        if {**no_rates(), **(standing.get(code) or {})} != rates.get(code, no_rates())
    ]
    if fresh:
        # The web reads it with what else the desk set, when the version says that something changed.
        own = update(DeskState).where(DeskState.section == bindparam("code"))
        new = own.values(usual=bindparam("rates"), version=DeskState.version + 1)
        session.connection().execute(new, fresh)


def purge_pulse(session: Session, *, now: datetime) -> int:
    """Delete old counts, and the networks of days whose key is gone.

    :returns: how many rows went.
    """
    return sum(execute(session, delete(model).where(_over(model, now))) for model in (Pulse, Alert))


def due(session: Session, sweep: Sweep) -> int:
    """How many rows are over; see ``seam.Retention``."""
    queries = (select(one.hour).where(ages.mine(sweep, one.section), _over(one, sweep.now)) for one in (Pulse, Alert))
    return sum(ages.count(session, sweep, query) for query in queries)


def _over(model: Any, now: datetime) -> Any:
    first_day = now.astimezone(UTC).date() - timedelta(days=NETWORKS_KEPT_DAYS - 1)
    since = datetime.combine(first_day, time(), UTC)
    networks = and_(model.metric.in_(NETWORK_METRICS), model.hour < since)
    return or_(model.hour < now - PULSE_KEPT, networks)


def add_opened(session: Session, section_code: str, hour: datetime, case_id: int, count: int) -> None:
    """Count forms that were opened, beside what is counted already."""
    table = Pulse.__table__
    values = {"section": section_code, "hour": hour, "case_id": case_id, "metric": OPENED, "key": "", "count": count}
    upsert(session, table, values, ["section", "hour", "case_id", "metric", "key"], {"count": table.c.count + count})
