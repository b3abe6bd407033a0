"""A count far outside its own history: kept, told to the host by signal, and mailed to the desk once an hour."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ...models import Alert, Pulse
from ...models.moderation import ALERT_METRICS
from ...sections import Section
from ...signals import alert_raised
from ..mail import outbox as mail_outbox
from ..storage.unit_of_work import UnitOfWork
from ..storage.upsert import insert_ignore

#: The mail that tells the desk.
KIND = "desk_alert"
HISTORY = timedelta(days=7)
#: Below this nothing is out of the ordinary, whatever went before. A school class behind one address is no alert.
FLOORS = {"submitted": 30, "held": 30, "domain": 60, "net_host": 75, "net_site": 150, "net_block": 300}
#: A section that counts for less than this long has no history to be outside of: its floors are so many times higher.
YOUNG = timedelta(hours=24)
YOUNG_FACTOR = 8
#: A mail tells so many of them.
MAIL_LINES = 12
#: Standard deviations above the mean.
FAR = 6
#: Of the history's hours the busiest are left out, so that a flood does not hide the next one.
_LEFT_OUT = 0.05
_NETWORKS = frozenset({"net_host", "net_site", "net_block"})
_Series = tuple[int, str, str]


def most_likely(counts: Sequence[int], hours: int, floor: int) -> int:
    """The most that a history makes likely in an hour.

    :param counts: the hours that had any.
    :param hours: how many hours the history has, empty ones too.
    :param floor: never less than this.
    """
    left_out = int(hours * _LEFT_OUT)
    calm, number = sorted(counts, reverse=True)[left_out:], max(1, hours - left_out)
    mean = sum(calm) / number
    spread = math.sqrt(max(0.0, sum(count * count for count in calm) / number - mean * mean))
    # Counts of independent arrivals scatter by the root of their mean at least.
    return max(floor, math.ceil(mean + FAR * max(math.sqrt(mean), spread)))


def look(work: UnitOfWork, section: Section, *, now: datetime) -> int:
    """Compare this hour and the one before with the week before them; raise what is far outside.

    One alert an hour for each count; a signal for each, and one mail an hour for the section.

    :param work: the unit of work; signals leave after its commit.
    :param section: whose counts.
    :param now: the moment to go by.
    :returns: how many alerts are new.
    """
    session = work.session
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    late = this_hour - timedelta(hours=1)
    recent = session.execute(
        select(Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count.label("number")).where(
            Pulse.section == section.code, Pulse.hour >= late, Pulse.hour <= this_hour,
            Pulse.metric.in_(ALERT_METRICS), Pulse.count > min(FLOORS.values()),
        )
    ).all()  # fmt: skip
    suspects = [row for row in recent if row.number > FLOORS[row.metric] and _is_looked_at(row)]
    if not suspects:
        return 0
    usual = _Usual(work, section, late)
    new: list[dict[str, Any]] = []
    for row in suspects:
        most = usual.most(row.case_id, row.metric, row.key)
        if row.number <= most:
            continue
        values = {
            "section": section.code, "hour": row.hour, "case_id": row.case_id, "metric": row.metric, "key": row.key,
            "count": row.number, "usual": most, "raised_at": now,
        }  # fmt: skip
        if insert_ignore(session, Alert.__table__, values):
            new.append(values)
    for values in new:
        work.emit(alert_raised, **{name: values[name] for name in values if name != "raised_at"})
    if new and section.desk_email:
        _enqueue_mail(work, section, new, now)
    return len(new)


def _is_looked_at(row: Any) -> bool:
    # A domain's and a network's share of one case is in the section's own count of it.
    return row.case_id == 0 or row.metric in ("submitted", "held")


class _Usual:
    """The history of one section's counts, read once."""

    def __init__(self, work: UnitOfWork, section: Section, until: datetime) -> None:
        since = until - HISTORY
        session = work.session
        window = (Pulse.section == section.code, Pulse.hour >= since, Pulse.hour < until)
        first = session.scalar(select(func.min(Pulse.hour)).where(*window)) or until
        self.hours = max(24, round((until - first) / timedelta(hours=1)))
        self.factor = YOUNG_FACTOR if until - first < YOUNG else 1
        self.series: dict[_Series, list[int]] = defaultdict(list)
        plain = session.execute(
            select(Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
                *window, Pulse.metric.in_(set(ALERT_METRICS) - _NETWORKS)
            )
        )
        for case_id, metric, key, count in plain:
            self.series[case_id, metric, key].append(count)
        # A network has no history of its own beyond its day: it is compared with the largest ones of each hour.
        largest = session.execute(
            select(Pulse.metric, func.max(Pulse.count))
            .where(*window, Pulse.case_id == 0, Pulse.metric.in_(_NETWORKS))
            .group_by(Pulse.hour, Pulse.metric)
        )
        for metric, count in largest:
            self.series[0, metric, ""].append(count)

    def most(self, case_id: int, metric: str, key: str) -> int:
        """The most that is likely of this count in an hour."""
        own = "" if metric in _NETWORKS else key
        return most_likely(self.series[case_id, metric, own], self.hours, FLOORS[metric] * self.factor)


def _enqueue_mail(work: UnitOfWork, section: Section, new: Sequence[dict[str, Any]], now: datetime) -> None:
    hour = max(values["hour"] for values in new)
    cases = sorted({values["case_id"] for values in new if values["case_id"]})
    told: dict[_Series, dict[str, Any]] = {}
    for values in sorted(new, key=lambda one: (one["hour"], one["count"])):
        # Of several networks or hours the last and largest stands for them. No hash of a network leaves by mail.
        key = values["key"] if values["metric"] == "domain" else ""
        line = {"case": values["case_id"], "count": values["count"], "usual": values["usual"]}
        told[values["case_id"], values["metric"], key] = {**line, "metric": values["metric"], "key": key}
    lines = list(told.values())[-MAIL_LINES:]
    params = {"cases": cases, "alerts": lines, "hour": hour.isoformat()}
    keyring = work.state.keyring
    mail_outbox.enqueue(
        work.session,
        mail_outbox.outbox_values(
            keyring,
            section,
            KIND,
            section.default_locale,
            section.desk_email or "",
            params,
            now=now,
            cap_index=None,
            cap_day=None,
            # Kept once it left, so that an hour has one mail.
            dedupe=keyring.blind(f"{KIND}|{section.code}", hour_name(now)),
        ),
    )


def hour_name(moment: datetime) -> str:
    """An hour as text, to name its mail by."""
    return moment.strftime("%Y-%m-%dT%H")
