"""A count far outside its own history: kept, told to the host by signal, and mailed to the desk once an hour."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Alert, Pulse
from ...models.moderation import ALERT_METRICS
from ...sections import Section
from ...signals import alert_raised
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
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
#: Section, case, metric and key.
_Series = tuple[str, int, str, str]


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


def suspects(session: Session, codes: Collection[str], now: datetime) -> Sequence[Any]:
    """What this hour or the one before counted above the floors, in all of some sections.

    :param codes: the sections.
    :param now: the moment to go by.
    :returns: rows of section, hour, case, metric, key and number, for :func:`look`.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    recent = session.execute(
        select(
            Pulse.section, Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count.label("number")
        ).where(
            Pulse.section.in_(codes), Pulse.hour >= this_hour - timedelta(hours=1), Pulse.hour <= this_hour,
            Pulse.metric.in_(ALERT_METRICS), Pulse.count > min(FLOORS.values()),
        ).order_by(Pulse.section, Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key)
    )  # fmt: skip
    return [row for row in recent if row.number > FLOORS[row.metric] and _is_looked_at(row)]


def look(work: UnitOfWork, suspects: Sequence[Any], *, now: datetime) -> int:
    """Compare what is above the floors with the week before; raise what is far outside.

    One alert an hour for each count; a signal for each, and one mail an hour for a section.

    :param work: the unit of work; signals leave after its commit.
    :param suspects: from :func:`suspects`.
    :param now: the moment to go by.
    :returns: how many alerts are new.
    """
    session = work.session
    usual = _Usual(session, suspects, now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1))
    new: list[dict[str, Any]] = []
    for row in suspects:
        most = usual.most(row)
        if row.number <= most:
            continue
        values = {
            "section": row.section, "hour": row.hour, "case_id": row.case_id, "metric": row.metric, "key": row.key,
            "count": row.number, "usual": most, "raised_at": now,
        }  # fmt: skip
        if insert_ignore(session, Alert.__table__, values):
            new.append(values)
    for values in new:
        work.emit(alert_raised, **{name: values[name] for name in values if name != "raised_at"})
    for code, of_section in groupby(new, key=itemgetter("section")):
        section = work.state.sections[code]
        if section.desk_email:
            _enqueue_mail(work, section, list(of_section), now)
    return len(new)


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """The cases that the desk's mail names; see ``seam.MailKind``."""
    return {"cases": cases_by_id(session, lens, context.get("cases", ()))}, ()


def _is_looked_at(row: Any) -> bool:
    # A domain's and a network's share of one case is in the section's own count of it.
    return row.case_id == 0 or row.metric in ("submitted", "held")


def _series_of(row: Any) -> _Series:
    # A network has no history of its own beyond its day: it is compared with the largest ones of each hour.
    if row.metric in _NETWORKS:
        return row.section, 0, row.metric, ""
    return row.section, row.case_id, row.metric, row.key


class _Usual:
    """The history of suspects, read once for all of them."""

    def __init__(self, session: Session, suspects: Sequence[Any], until: datetime) -> None:
        self.until = until
        codes = {row.section for row in suspects}
        window = (Pulse.section.in_(codes), Pulse.hour >= until - HISTORY, Pulse.hour < until)
        first = select(Pulse.section, func.min(Pulse.hour)).where(*window).group_by(Pulse.section)
        self.first: dict[str, datetime] = dict(session.execute(first).all())
        self.series: dict[_Series, list[int]] = defaultdict(list)
        wanted = {_series_of(row) for row in suspects}
        plain = session.execute(
            select(Pulse.section, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
                *window, Pulse.metric.in_({metric for _, _, metric, _ in wanted} - _NETWORKS),
                Pulse.case_id.in_({case_id for _, case_id, _, _ in wanted}),
                Pulse.key.in_({key for _, _, _, key in wanted}),
            )
        )  # fmt: skip
        for code, case_id, metric, key, count in plain:
            if (code, case_id, metric, key) in wanted:
                self.series[code, case_id, metric, key].append(count)
        largest = session.execute(
            select(Pulse.section, Pulse.metric, func.max(Pulse.count))
            .where(*window, Pulse.case_id == 0, Pulse.metric.in_(_NETWORKS))
            .group_by(Pulse.section, Pulse.hour, Pulse.metric)
        )
        for code, metric, count in largest:
            self.series[code, 0, metric, ""].append(count)

    def most(self, row: Any) -> int:
        """The most that is likely of a suspect's count in an hour."""
        counted = self.until - self.first.get(row.section, self.until)
        hours = max(24, round(counted / timedelta(hours=1)))
        factor = YOUNG_FACTOR if counted < YOUNG else 1
        return most_likely(self.series[_series_of(row)], hours, FLOORS[row.metric] * factor)


def _enqueue_mail(work: UnitOfWork, section: Section, new: Sequence[dict[str, Any]], now: datetime) -> None:
    hour = max(values["hour"] for values in new)
    cases = sorted({values["case_id"] for values in new if values["case_id"]})
    told: dict[tuple[int, str, str], dict[str, Any]] = {}
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
