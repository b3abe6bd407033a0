"""From a form to a signature that counts: by day, by source, and by mail provider. Nothing in it is about a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from ...models import Pulse, ShareCount
from ...sections import Section
from ..moderation.pulse import HOUR, WHOLE_SECTION
from ..moderation.pulse_counts import DOMAIN_STATES
from ..tally.few import FEW, told

#: Providers that are named, those with most signatures first.
PROVIDERS = 20
_METRICS = ("submitted", "confirmed", "held", "held_confirmed", "invalid", "pending")


@dataclass(frozen=True)
class Day:
    """What arrived on one day where the section is, and what has become of it since.

    :ivar confirmed: its mailbox was proved, held or not.
    :ivar counted: confirmed and not held.
    """

    day: date
    arrived: int
    confirmed: int
    counted: int
    held: int
    invalid: int
    pending: int


@dataclass(frozen=True)
class Source:
    """What came of links that name their source; ``None``: of a few."""

    source: str
    visits: int | None
    actions: int | None


@dataclass(frozen=True)
class Provider:
    """Signatures with addresses of one mail provider.

    :ivar arrived: those that are confirmed or wait to be.
    :ivar confirmed: ``None``: a few.
    """

    domain: str
    arrived: int
    confirmed: int | None

    @property
    def share(self) -> float | None:
        """How much of it was confirmed, from 0 to 1."""
        return None if self.confirmed is None else self.confirmed / self.arrived


def midnight(section: Section, day: date) -> datetime:
    """When a day begins where the section is."""
    return datetime.combine(day, time(), ZoneInfo(section.time_zone)).astimezone(UTC)


def _moments(section: Section, first: date, last: date) -> tuple[datetime, datetime]:
    return midnight(section, first), midnight(section, last + timedelta(days=1))


def _hours(section: Section, since: datetime, until: datetime) -> tuple[Any, ...]:
    return (
        Pulse.section == section.code, Pulse.case_id == WHOLE_SECTION,
        # Where a zone is half an hour off, its day begins within an hour of ours.
        Pulse.hour > since - HOUR, Pulse.hour < until,
    )  # fmt: skip


def by_day(session: Session, section: Section, first: date, last: date) -> list[Day]:
    """The funnel of each day from ``first`` to ``last``, days without any too: from the hours that the worker counted."""
    since, until = _moments(section, first, last)
    zone = ZoneInfo(section.time_zone)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found: dict[date, dict[str, int]] = {day: dict.fromkeys(_METRICS, 0) for day in days}
    sums = [func.sum(case((Pulse.metric == metric, Pulse.count), else_=0)) for metric in _METRICS]
    mine = (*_hours(section, since, until), Pulse.metric.in_(_METRICS))
    for hour, *counts in session.execute(select(Pulse.hour, *sums).where(*mine).group_by(Pulse.hour)):
        day = max(first, hour.astimezone(zone).date())
        for metric, count in zip(_METRICS, counts, strict=True):
            found[day][metric] += int(count)
    return [
        Day(
            day, of["submitted"], of["confirmed"] + of["held_confirmed"], of["confirmed"], of["held"], of["invalid"], of["pending"]
        )
        for day, of in found.items()
    ]  # fmt: skip


def _of(kind: str) -> Any:
    return func.sum(case((ShareCount.kind == kind, ShareCount.count), else_=0))


def by_source(session: Session, section: Section, first: date, last: date) -> list[Source]:
    """What came of links to share, the source of most forms first; see ``sharing.counting``."""
    visits, actions = _of("visit"), _of("action")
    rows = session.execute(
        select(ShareCount.source, visits, actions)
        .where(ShareCount.section == section.code, ShareCount.day >= first, ShareCount.day <= last)
        .group_by(ShareCount.source)
        .order_by(actions.desc(), visits.desc(), ShareCount.source)
    )
    return [Source(source, told(int(came)), told(int(acted))) for source, came, acted in rows]


def by_provider(session: Session, section: Section, first: date, last: date) -> list[Provider]:
    """How many of the signatures that arrived from ``first`` to ``last`` were confirmed, by mail provider: those that are listed,
    with ten at least. From the hours that the worker counted: on a million signatures no question is quick."""
    confirmed = func.sum(case((Pulse.metric == "domain_confirmed", Pulse.count), else_=0))
    arrived = func.sum(Pulse.count)
    rows = session.execute(
        select(Pulse.key, arrived, confirmed)
        .where(*_hours(section, *_moments(section, first, last)), Pulse.metric.in_(DOMAIN_STATES))
        .group_by(Pulse.key)
        .having(arrived >= FEW)
        .order_by(arrived.desc(), Pulse.key)
        .limit(PROVIDERS)
    )
    return [Provider(domain, int(many), told(int(proved))) for domain, many, proved in rows]


def total(days: Sequence[Day], name: str) -> int:
    """One number of all days."""
    return sum(getattr(day, name) for day in days)
