"""What the desk's first page shows. It reads the hours that the worker counted and never the signatures themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...models import Alert, Case, Edition, Pulse
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..people.permissions import require
from .overview_kept import MOST_WAITING, Kept, look
from .pulse import HOUR, NETWORK_METRICS, NETWORKS_NAMED, STALE, WHOLE_SECTION, hour_of

#: How far back one may look, in hours, and how many of them one bar shows.
WINDOWS: Mapping[str, tuple[int, int]] = {"24h": (24, 1), "72h": (72, 2), "14d": (336, 12)}
DEFAULT_WINDOW = "24h"
#: What one bar is made of, from the ground up; together they are what arrived.
SEGMENTS = ("confirmed", "pending", "held", "invalid")
FUNNEL = ("opened", "submitted", "mailed", "confirmed", "held", "released")
ALERTS_SHOWN = 8
ALERTS_READ = 300
ALERTS_KEPT_UP = timedelta(hours=24)
_TOPS = (*NETWORK_METRICS, "domain", "reason")
_OF_CASES = ("submitted", "confirmed", "held", "pending", "invalid")
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
    #: Since when no mail leaves.
    mail_stopped: datetime | None = None

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
    kept: Kept | None = None,
) -> Overview:
    """Read the numbers of a section, or of one of its cases.

    :param window: one of :data:`WINDOWS`; anything else is the usual one.
    :param slug: one case only, in its newest edition.
    :param kept: what this process read before; as long as that holds, one row is asked for and no more.
    :raises PermissionDenied: the actor may not see the queue here.
    :raises NotFound: there is no such case.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    chosen_window = window if window in WINDOWS else DEFAULT_WINDOW
    kept = kept or Kept()
    # A new hour moves the window.
    key = (section.code, chosen_window, slug, hour_of(now))
    before: Overview | None = kept.peek(key)
    names: dict[int, Any] = {}
    case_id: int | None = None
    if before is not None:
        case_id = before.case.id if before.case else None
    elif slug:
        names = _cases(session, section)
        case_id = _chosen(names, slug)
    # What the stamp is of is read after it: at worst it is read once more than needed.
    stamp, waiting, mail_stopped = look(session, section, case_id, now=now)
    found: Overview | None = kept.get(key, stamp, now)
    if found is None:
        found = _assemble(session, section, names or _cases(session, section), chosen_window, slug, now)
        found = replace(found, counted_at=stamp.counted_at)
        kept.put(key, stamp, now, found)
    late = found.counted_at is None or now - found.counted_at > STALE
    return replace(found, waiting=waiting, is_stale=late, mail_stopped=mail_stopped)


def _chosen(names: Mapping[int, Any], slug: str) -> int:
    found = next((row.id for row in names.values() if row.slug == slug), None)
    if found is None:
        raise NotFound(slug)
    return int(found)


def _assemble(
    session: Session, section: Section, names: Mapping[int, Any], window: str, slug: str | None, now: datetime
) -> Overview:
    hours, step = WINDOWS[window]
    since = hour_of(now) - (hours - 1) * HOUR
    case_id = _chosen(names, slug) if slug else WHOLE_SECTION
    newest = next(iter(names.values())).year if names else None
    # What is over gets no signatures any more.
    going = {key: row for key, row in names.items() if row.status == "active" or row.year == newest or key == case_id}
    bars = hours // step
    series: list[dict[str, int]] = [defaultdict(int) for _ in range(bars)]
    tops: dict[str, list[tuple[str, int]]] = defaultdict(list)
    of_cases: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    sparks: dict[int, list[int]] = defaultdict(lambda: [0] * bars)
    for row in _numbers(session, section, case_id, list(going), since, hours, step):
        if row.metric in _TOPS:
            tops[row.metric].append((row.key, int(row.total)))
            continue
        of_cases[row.case_id][row.metric] += int(row.total)
        if row.case_id == case_id:
            series[row.bar][row.metric] += int(row.total)
        if row.metric == "submitted":
            sparks[row.case_id][row.bar] += int(row.total)
    best = {metric: sorted(rows, key=lambda row: (-row[1], row[0]))[:NETWORKS_NAMED] for metric, rows in tops.items()}
    cases = [
        CaseLine(
            row.id, row.slug, row.name, row.status, row.year,
            {name: of_cases[row.id][name] for name in _OF_CASES}, sparks[row.id],
        )
        for row in going.values()
    ]  # fmt: skip
    return Overview(
        window=window,
        case=next((line for line in cases if line.id == case_id), None),
        choices=list({row.slug: row.name for row in names.values()}.items()),
        buckets=[
            Bucket(since + number * step * HOUR, bar["submitted"], {name: bar[name] for name in SEGMENTS})
            for number, bar in enumerate(series)
        ],
        funnel={name: of_cases[case_id][name] for name in FUNNEL},
        pending=of_cases[case_id]["pending"],
        cases=[line for line in cases if line.status == "active" or line.counts["submitted"]],
        networks={name.removeprefix("net_"): _network_lines(name, best.get(name, ())) for name in NETWORK_METRICS},
        domains=best.get("domain", ()),
        reasons=best.get("reason", ()),
        alerts=_alerts(session, section, names, now),
        waiting=0,
        counted_at=None,
        is_stale=False,
    )


def _cases(session: Session, section: Section) -> dict[int, Any]:
    rows = session.execute(
        select(Case.id, Case.slug, Case.name, Case.status, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code)
        .order_by(Edition.starts_on.desc(), Case.position, Case.id)
    )
    return {row.id: row for row in rows}


def _numbers(
    session: Session, section: Section, case_id: int, others: Sequence[int], since: datetime, hours: int, step: int
) -> Sequence[Any]:
    """All that the page shows of the window in one statement, added up by the database.

    Bar by bar what a chart shows, in one sum what a table does. Of cases that are not shown the plain counts only.
    """
    in_chart = or_(Pulse.metric == "submitted", and_(Pulse.case_id == case_id, Pulse.metric.in_(_PLAIN)))
    bar = case((in_chart, _bar(since, step, 0, hours // step)), else_=0).label("bar")
    shown = and_(Pulse.case_id == case_id, Pulse.metric.in_((*_PLAIN, *_TOPS)))
    query = (
        select(Pulse.case_id, Pulse.metric, Pulse.key, bar, func.sum(Pulse.count).label("total"))
        .where(
            Pulse.section == section.code,
            Pulse.hour >= since,
            Pulse.hour < since + hours * HOUR,
            or_(shown, and_(Pulse.case_id.in_(others), Pulse.metric.in_(_OF_CASES))),
        )
        # By its name: PostgreSQL would not know the expression again, since it has other parameters there.
        .group_by(Pulse.case_id, Pulse.metric, Pulse.key, literal_column("bar"))
    )
    return session.execute(query).all()


def _bar(since: datetime, step: int, first: int, end: int) -> Any:
    """The number of an hour's bar, by halves: each database has its own way to count hours."""
    if end - first == 1:
        return first
    middle = (first + end) // 2
    edge = Pulse.hour < since + middle * step * HOUR
    return case((edge, _bar(since, step, first, middle)), else_=_bar(since, step, middle, end))


def _network_lines(metric: str, rows: Sequence[tuple[str, int]]) -> list[NetworkLine]:
    tier = metric.removeprefix("net_")
    lines = []
    for key, count in rows:
        day, _, digest = key.partition("/")
        lines.append(NetworkLine(tier, f"{day}/{tier}/{digest}", digest[:8], count))
    return lines


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
