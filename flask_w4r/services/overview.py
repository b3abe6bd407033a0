"""What the desk's first page shows. It reads the hours that the worker counted and never the signatures themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..errors import NotFound
from ..models import Alert, Case, DeskState, Edition, Pulse, Signature
from ..sections import Section
from ..state import Actor, Hooks, Permission
from .permissions import require
from .pulse import HOUR, NETWORK_METRICS, NETWORKS_NAMED, STALE, WHOLE_SECTION, hour_of

#: How far back one may look, in hours, and how many of them one bar shows.
WINDOWS: Mapping[str, tuple[int, int]] = {"24h": (24, 1), "72h": (72, 2), "14d": (336, 12)}
DEFAULT_WINDOW = "24h"
#: What one bar is made of, from the ground up; together they are what arrived.
SEGMENTS = ("confirmed", "pending", "held", "invalid")
FUNNEL = ("opened", "submitted", "mailed", "confirmed", "held", "released")
#: More than so many are told as "1,000+".
MOST_WAITING = 1000
ALERTS_SHOWN = 8
ALERTS_READ = 300
ALERTS_KEPT_UP = timedelta(hours=24)
_PLAIN = ("opened", "submitted", "mailed", "confirmed", "held", "pending", "released", "invalid")


@dataclass(frozen=True)
class Bucket:
    """One bar of the chart: what arrived in some hours, and what became of it."""

    start: datetime
    submitted: int
    parts: Mapping[str, int]


@dataclass(frozen=True)
class NetworkLine:
    """A network with many signatures: named by a hash that ends with its day's key, never by an address."""

    tier: str
    #: ``<day>/<tier>/<hex>``, for the queue, an invalidation or a rule.
    mark: str
    #: A short name to tell it by.
    label: str
    count: int


@dataclass(frozen=True)
class CaseLine:
    """One case's numbers within the window."""

    id: int
    slug: str
    name: str
    status: str
    edition: str
    counts: Mapping[str, int]
    #: What arrived, bar by bar.
    bars: Sequence[int]

    @property
    def unconfirmed(self) -> float:
        """The share of what arrived that nobody confirmed yet."""
        return self.counts["pending"] / self.counts["submitted"] if self.counts["submitted"] else 0.0


@dataclass(frozen=True)
class AlertLine:
    """A count that was far outside its own history."""

    hour: datetime
    case: str | None
    slug: str | None
    metric: str
    key: str
    count: int
    usual: int


@dataclass(frozen=True)
class Overview:
    """The whole page."""

    window: str
    case: CaseLine | None
    #: All cases there are to choose from: slug and name.
    choices: Sequence[tuple[str, str]]
    buckets: Sequence[Bucket]
    #: Sums over the window by name; ``mailed`` is kept for the whole section only.
    funnel: Mapping[str, int]
    pending: int
    cases: Sequence[CaseLine]
    networks: Mapping[str, Sequence[NetworkLine]]
    domains: Sequence[tuple[str, int]]
    reasons: Sequence[tuple[str, int]]
    alerts: Sequence[AlertLine]
    waiting: int
    counted_at: datetime | None
    is_stale: bool

    @property
    def waiting_is_floor(self) -> bool:
        """There wait more than were counted."""
        return self.waiting > MOST_WAITING


def overview(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    *,
    window: str = DEFAULT_WINDOW,
    slug: str | None = None,
    now: datetime,
) -> Overview:
    """Read the numbers of a section, or of one of its cases.

    :param window: one of :data:`WINDOWS`; anything else is the usual one.
    :param slug: one case only, in its newest edition.
    :raises PermissionDenied: the actor may not see the queue here.
    :raises NotFound: there is no such case.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    chosen_window = window if window in WINDOWS else DEFAULT_WINDOW
    hours, step = WINDOWS[chosen_window]
    since = hour_of(now) - (hours - 1) * HOUR
    names = _cases(session, section)
    chosen = next((row for row in names.values() if row.slug == slug), None)
    if slug and chosen is None:
        raise NotFound(slug)
    case_id = chosen.id if chosen else WHOLE_SECTION
    # Each hour by name: with a range the index would be read through all that an hour has.
    mine = (Pulse.section == section.code, Pulse.hour.in_([since + number * HOUR for number in range(hours)]))
    newest = next(iter(names.values())).year if names else None
    # What is over gets no signatures any more.
    going = {key: row for key, row in names.items() if row.status == "active" or row.year == newest or key == case_id}
    sums, series = _series(session, (*mine, Pulse.case_id == case_id), since, hours, step)
    tops = _tops(session, (*mine, Pulse.case_id == case_id))
    cases = _case_lines(session, mine, going, since, hours, step)
    state = session.execute(select(DeskState.counted_at).where(DeskState.section == section.code)).first()
    counted_at = state.counted_at if state else None
    return Overview(
        window=chosen_window,
        case=next((line for line in cases if line.id == case_id), None),
        choices=list({row.slug: row.name for row in names.values()}.items()),
        buckets=series,
        funnel={name: sums[name] for name in FUNNEL},
        pending=sums["pending"],
        cases=[line for line in cases if line.status == "active" or line.counts["submitted"]],
        networks={metric.removeprefix("net_"): _network_lines(metric, tops[metric]) for metric in NETWORK_METRICS},
        domains=tops["domain"],
        reasons=tops["reason"],
        alerts=_alerts(session, section, names, now),
        waiting=_waiting(session, section, chosen.id if chosen else None),
        counted_at=counted_at,
        is_stale=counted_at is None or now - counted_at > STALE,
    )


def _cases(session: Session, section: Section) -> dict[int, Any]:
    rows = session.execute(
        select(Case.id, Case.slug, Case.name, Case.status, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code)
        .order_by(Edition.starts_on.desc(), Case.position, Case.id)
    )
    return {row.id: row for row in rows}


def _series(
    session: Session, conditions: Sequence[Any], since: datetime, hours: int, step: int
) -> tuple[dict[str, int], list[Bucket]]:
    sums: dict[str, int] = defaultdict(int)
    bars: list[dict[str, int]] = [defaultdict(int) for _ in range(hours // step)]
    query = select(Pulse.hour, Pulse.metric, Pulse.count).where(*conditions, Pulse.metric.in_(_PLAIN))
    for hour, metric, count in session.execute(query):
        sums[metric] += count
        place = _place(hour, since, step)
        if place < len(bars):
            bars[place][metric] += count
    return sums, [
        Bucket(since + number * step * HOUR, bar["submitted"], {name: bar[name] for name in SEGMENTS})
        for number, bar in enumerate(bars)
    ]


def _place(hour: datetime, since: datetime, step: int) -> int:
    return int((hour - since) / HOUR) // step


def _tops(session: Session, conditions: Sequence[Any]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    total = func.sum(Pulse.count)
    query = (
        select(Pulse.metric, Pulse.key, total)
        .where(*conditions, Pulse.metric.in_((*NETWORK_METRICS, "domain", "reason")))
        .group_by(Pulse.metric, Pulse.key)
        .order_by(total.desc(), Pulse.key)
    )
    for metric, key, count in session.execute(query):
        if len(found[metric]) < NETWORKS_NAMED:
            found[metric].append((key, int(count)))
    return found


def _network_lines(metric: str, rows: Sequence[tuple[str, int]]) -> list[NetworkLine]:
    tier = metric.removeprefix("net_")
    lines = []
    for key, count in rows:
        day, _, digest = key.partition("/")
        lines.append(NetworkLine(tier, f"{day}/{tier}/{digest}", digest[:8], count))
    return lines


def _case_lines(
    session: Session, mine: Sequence[Any], names: Mapping[int, Any], since: datetime, hours: int, step: int
) -> list[CaseLine]:
    wanted = ("submitted", "confirmed", "held", "pending", "invalid")
    of_cases = (*mine, Pulse.case_id.in_(list(names)))
    counts: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(wanted, 0))
    summed = select(Pulse.case_id, Pulse.metric, func.sum(Pulse.count)).where(*of_cases, Pulse.metric.in_(wanted))
    for case_id, metric, count in session.execute(summed.group_by(Pulse.case_id, Pulse.metric)):
        counts[case_id][metric] = int(count)
    bars: dict[int, list[int]] = defaultdict(lambda: [0] * (hours // step))
    arrived = select(Pulse.case_id, Pulse.hour, Pulse.count).where(*of_cases, Pulse.metric == "submitted")
    for case_id, hour, count in session.execute(arrived):
        place = _place(hour, since, step)
        if place < hours // step:
            bars[case_id][place] += count
    return [
        CaseLine(row.id, row.slug, row.name, row.status, row.year, counts[row.id], bars[row.id])
        for row in names.values()
    ]


def _alerts(session: Session, section: Section, names: Mapping[int, Any], now: datetime) -> list[AlertLine]:
    rows = session.scalars(
        select(Alert)
        .where(Alert.section == section.code, Alert.raised_at >= now - ALERTS_KEPT_UP)
        .order_by(Alert.hour.desc(), Alert.count.desc())
        .limit(ALERTS_READ)
    )
    lines: list[AlertLine] = []
    seen: set[tuple[int, str, str]] = set()
    for row in rows:
        # The last hour stands for those before it, and the largest network for the others.
        about = (row.case_id, row.metric, row.key if row.metric == "domain" else "")
        if about in seen or len(seen) == ALERTS_SHOWN:
            continue
        seen.add(about)
        case = names.get(row.case_id)
        name, slug = (case.name, case.slug) if case else (None, None)
        lines.append(AlertLine(row.hour, name, slug, row.metric, row.key, row.count, row.usual))
    # Where a case stands out, the whole section says nothing more.
    of_cases = {(line.metric, line.hour) for line in lines if line.case}
    return [line for line in lines if line.case or line.key or (line.metric, line.hour) not in of_cases]


def _waiting(session: Session, section: Section, case_id: int | None) -> int:
    held = select(Signature.id).where(Signature.section == section.code, Signature.held_at.is_not(None))
    if case_id is not None:
        held = held.where(Signature.case_id == case_id)
    return session.scalar(select(func.count()).select_from(held.limit(MOST_WAITING + 1).subquery())) or 0
