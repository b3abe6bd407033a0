"""Counting by the hour, by the worker, so that the desk's overview asks for numbers and never for signatures.

An hour is counted anew from the rows that arrived in it and written over what stood there, so it does not matter how
often, or by how many workers at once, that is done. What a signature became since shows in the hour it arrived in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from ...models import Alert, DeskState, OutboxMail, Pulse, Signature
from ...sections import Section
from ...state import get_state
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from ..storage.upsert import insert_ignore, upsert
from . import alerts

#: Seconds between two counts; the page says so when the last one is older than ``STALE``.
PULSE_EVERY = 15.0
STALE = timedelta(minutes=2)
HOUR = timedelta(hours=1)
#: What is counted each time, and every ten minutes: mails are confirmed, and decisions made, later than the arrival.
RECENT_HOURS = 2
LONG_HOURS = 72
LONG_EVERY = timedelta(minutes=10)
USUAL_DAYS = 7
PULSE_KEPT = timedelta(days=400)
#: Hashes of networks go with the key of their day.
NETWORKS_KEPT_DAYS = 14
#: Stands for the whole section where a case may be named.
WHOLE_SECTION = 0
NETWORK_METRICS = ("net_host", "net_site", "net_block")
#: A network is named from so many signatures in an hour, and the first so many of them.
NETWORK_FLOOR = 5
NETWORKS_NAMED = 10
#: The visits' own count, which no row of ours can be counted from.
OPENED = "opened"
#: Of a week's hours the busiest are left out, so that one flood does not become what is usual.
_LEFT_OUT = 0.1

Key = tuple[int, str, str]


def hour_of(moment: datetime) -> datetime:
    """The first moment of an hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass
class Rhythm:
    """What one process remembers between two counts."""

    long_at: dict[str, datetime] = field(default_factory=dict)


def run_pulse(app: Any, tools: Any = None) -> dict[str, Any]:
    """Count the last hours of every section, work out what is usual, and raise alerts.

    :param app: the Flask app.
    :param tools: as every job is given; not used.
    :returns: how many hours had changed, and how many alerts were raised.
    """
    state = get_state(app)
    rhythm: Rhythm = state.once("pulse_rhythm", Rhythm)
    changed = raised = 0
    for section in state.sections.values():
        now = state.clock()
        before = rhythm.long_at.get(section.code)
        long = before is None or not timedelta(0) <= now - before < LONG_EVERY
        for back in range(LONG_HOURS if long else RECENT_HOURS):
            changed += _count_hour(app, section, hour_of(now) - back * HOUR)
        values: dict[str, Any] = {"counted_at": now}
        if long:
            values["usual"] = read(app, partial(usual_rates, section=section, now=now))
            # The web reads it with what else the desk set, when the version says that something changed.
            values["version"] = DeskState.version + 1
            rhythm.long_at[section.code] = now
        run(app, partial(_note, section=section, values=values))
        raised += run(app, partial(alerts.look, section=section, now=now))
    return {"hours": changed, "alerts": raised}


def _note(work: UnitOfWork, section: Section, values: Mapping[str, Any]) -> None:
    _ensure_state(work.session, section)
    execute(work.session, update(DeskState).where(DeskState.section == section.code).values(**values))


def _ensure_state(session: Session, section: Section) -> None:
    if session.scalar(select(DeskState.version).where(DeskState.section == section.code)) is None:
        insert_ignore(session, DeskState.__table__, {"section": section.code, "version": 0, "usual": {}})


def _count_hour(app: Any, section: Section, hour: datetime) -> bool:
    """Count one hour and write it down where it differs. Returns whether it did."""

    def look(session: Session) -> tuple[dict[Key, int], dict[Key, int]]:
        return count_hour(session, section, hour), _kept(session, section, hour)

    counted, kept = read(app, look)
    if counted == kept:
        return False

    def write(session: Session) -> None:
        # Whoever holds this row writes; two workers would meet each other's keys otherwise.
        _ensure_state(session, section)
        session.execute(select(DeskState.version).where(DeskState.section == section.code).with_for_update())
        stale = and_(Pulse.section == section.code, Pulse.hour == hour)
        standing = _kept(session, section, hour)
        gone = sorted(key for key in standing if counted.get(key) != standing[key])
        for start in range(0, len(gone), 200):
            some = tuple_(Pulse.case_id, Pulse.metric, Pulse.key).in_(gone[start : start + 200])
            execute(session, delete(Pulse).where(stale, some))
        fresh = [
            {"section": section.code, "hour": hour, "case_id": case_id, "metric": metric, "key": key, "count": count}
            for (case_id, metric, key), count in sorted(counted.items())
            if standing.get((case_id, metric, key)) != count
        ]
        if fresh:
            session.execute(insert(Pulse), fresh)

    run(app, lambda work: write(work.session))
    return True


def _kept(session: Session, section: Section, hour: datetime) -> dict[Key, int]:
    rows = session.execute(
        select(Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
            Pulse.section == section.code, Pulse.hour == hour, Pulse.metric != OPENED
        )
    )
    return {(case_id, metric, key): count for case_id, metric, key, count in rows}


def count_hour(session: Session, section: Section, hour: datetime) -> dict[Key, int]:
    """Count what arrived in one hour.

    :returns: ``{(case id, metric, key): count}``, the whole section under case 0; nothing that is zero.
    """
    arrived = (
        Signature.section == section.code,
        Signature.created_at >= hour,
        Signature.created_at < hour + HOUR,
    )
    counts: dict[Key, int] = defaultdict(int)

    def add(case_id: int, metric: str, key: str, count: int) -> None:
        counts[case_id, metric, key] += count
        counts[WHOLE_SECTION, metric, key] += count

    def when(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    free = Signature.held_at.is_(None)
    plain = session.execute(
        select(
            Signature.case_id,
            func.count().label("submitted"),
            when(and_(Signature.state == "confirmed", free)).label("confirmed"),
            when(Signature.held_at.is_not(None)).label("held"),
            when(and_(Signature.state == "pending", free)).label("pending"),
            when(Signature.released_at.is_not(None)).label("released"),
            when(Signature.state == "invalid").label("invalid"),
        )
        .where(*arrived)
        .group_by(Signature.case_id)
    ).mappings()
    for row in plain:
        for metric in ("submitted", "confirmed", "held", "pending", "released", "invalid"):
            add(row["case_id"], metric, "", int(row[metric]))
    if counts[WHOLE_SECTION, "submitted", ""]:
        for metric, column, rows in (
            ("domain", Signature.mail_domain, arrived),
            ("reason", Signature.held_for, (*arrived, Signature.held_at.is_not(None))),
        ):
            grouped = select(Signature.case_id, column, func.count()).where(*rows, column.is_not(None))
            for case_id, key, count in session.execute(grouped.group_by(Signature.case_id, column)):
                add(case_id, metric, str(key), count)
        if counts[WHOLE_SECTION, "submitted", ""] >= NETWORK_FLOOR:
            counts.update(_networks(session, arrived))
    mailed = session.scalar(
        # By the hour it was due in, as the index goes, not by the hour it left in.
        select(func.count()).where(
            OutboxMail.state == "sent", OutboxMail.not_before >= hour, OutboxMail.not_before < hour + HOUR,
            OutboxMail.section == section.code, OutboxMail.kind == "confirm",
        )
    )  # fmt: skip
    counts[WHOLE_SECTION, "mailed", ""] = int(mailed or 0)
    return {key: count for key, count in counts.items() if count}


def _networks(session: Session, arrived: tuple[Any, ...]) -> dict[Key, int]:
    """The networks with most signatures, of each case and of the section."""
    found: dict[Key, int] = {}
    for metric in NETWORK_METRICS:
        column = getattr(Signature, metric)
        number = func.count()
        usable = (*arrived, column.is_not(None), Signature.net_day.is_not(None))
        whole = (
            select(Signature.net_day, column, number)
            .where(*usable)
            .group_by(Signature.net_day, column)
            .having(number >= NETWORK_FLOOR)
            .order_by(number.desc(), column)
            .limit(NETWORKS_NAMED)
        )
        named = session.execute(whole).all()
        for day, value, count in named:
            found[WHOLE_SECTION, metric, network_key(day, value)] = count
        if not named:
            continue
        of_cases = (
            select(Signature.case_id, Signature.net_day, column, number)
            .where(*usable)
            .group_by(Signature.case_id, Signature.net_day, column)
            .having(number >= NETWORK_FLOOR)
            .order_by(number.desc(), column)
        )
        seen: dict[int, int] = defaultdict(int)
        for case_id, day, value, count in session.execute(of_cases):
            seen[case_id] += 1
            if seen[case_id] <= NETWORKS_NAMED:
                found[case_id, metric, network_key(day, value)] = count
    return found


def network_key(day: date, value: bytes) -> str:
    """How a network that was seen is written: ``<day>/<hex>``."""
    return f"{day.isoformat()}/{bytes(value).hex()}"


def usual_rates(session: Session, section: Section, now: datetime) -> dict[str, dict[str, float]]:
    """What is usual in an hour, from the last week's counts.

    The mean, the busiest tenth of the hours left out. Where counting began later the hours before it do not count,
    but a day's worth of hours always does.

    :returns: ``{"case": {"17": per_hour}, "domain": {"gmail.com": per_hour}}``.
    """
    until = hour_of(now)
    since = until - timedelta(days=USUAL_DAYS)
    rows = session.execute(
        select(Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
            Pulse.section == section.code, Pulse.hour >= since, Pulse.hour < until,
            Pulse.metric.in_(("submitted", "invalid", "domain")),
        )
    )  # fmt: skip
    series: dict[tuple[str, str], dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    first = until
    for hour, case_id, metric, key, count in rows:
        first = min(first, hour)
        if metric == "domain":
            if case_id == WHOLE_SECTION:
                series["domain", key][hour] += count
        elif case_id != WHOLE_SECTION:
            # What was found to be false is no part of what is usual.
            series["case", str(case_id)][hour] += count if metric == "submitted" else -count
    hours = max(24, round((until - first) / HOUR))
    usual: dict[str, dict[str, float]] = {"case": {}, "domain": {}}
    for (kind, key), counts in series.items():
        usual[kind][key] = round(_calm_mean(counts.values(), hours), 3)
    return usual


def _calm_mean(counts: Iterable[int], hours: int) -> float:
    left_out = int(hours * _LEFT_OUT)
    calm = sorted(counts, reverse=True)[left_out:]
    return sum(calm) / (hours - left_out)


def purge_pulse(session: Session, *, now: datetime) -> int:
    """Delete old counts, and the networks of days whose key is gone.

    :returns: how many rows went.
    """
    first_day = now.astimezone(UTC).date() - timedelta(days=NETWORKS_KEPT_DAYS - 1)
    since = datetime.combine(first_day, time(), UTC)
    gone = 0
    for model in (Pulse, Alert):
        gone += execute(session, delete(model).where(model.hour < now - PULSE_KEPT))
        gone += execute(session, delete(model).where(model.metric.in_(NETWORK_METRICS), model.hour < since))
    return gone


def add_opened(session: Session, section_code: str, hour: datetime, case_id: int, count: int) -> None:
    """Count forms that were opened, beside what is counted already."""
    table = Pulse.__table__
    values = {"section": section_code, "hour": hour, "case_id": case_id, "metric": OPENED, "key": "", "count": count}
    upsert(session, table, values, ["section", "hour", "case_id", "metric", "key"], {"count": table.c.count + count})
