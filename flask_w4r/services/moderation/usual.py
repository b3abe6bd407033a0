"""What is usual in an hour, from the last week's counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Pulse
from .pulse_counts import HOUR, WHOLE_SECTION, hour_of

USUAL_DAYS = 7
#: Of a week's hours the busiest are left out, so that one flood does not become what is usual.
_LEFT_OUT = 0.1

#: ``{"case": {"17": per_hour}, "domain": {"gmail.com": per_hour}}``.
Rates = dict[str, dict[str, float]]


def no_rates() -> Rates:
    """What is usual where nothing was counted."""
    return {"case": {}, "domain": {}}


def usual_rates(session: Session, codes: Collection[str], now: datetime) -> dict[str, Rates]:
    """What is usual in an hour, in each of some sections.

    The mean, the busiest tenth of the hours left out. Where counting began later the hours before it do not count,
    but a day's worth of hours always does.

    :param codes: the sections.
    :param now: the moment to go by.
    :returns: the rates by section; none of a section that counted nothing.
    """
    until = hour_of(now)
    rows = session.execute(
        select(Pulse.section, Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
            Pulse.section.in_(codes), Pulse.hour >= until - timedelta(days=USUAL_DAYS), Pulse.hour < until,
            Pulse.metric.in_(("submitted", "invalid", "domain")),
        )
    )  # fmt: skip
    series: dict[tuple[str, str, str], dict[datetime, int]] = defaultdict(lambda: defaultdict(int))
    first: dict[str, datetime] = {}
    for code, hour, case_id, metric, key, count in rows:
        first[code] = min(first.get(code, hour), hour)
        if metric == "domain":
            if case_id == WHOLE_SECTION:
                series[code, "domain", key][hour] += count
        elif case_id != WHOLE_SECTION:
            # What was found to be false is no part of what is usual.
            series[code, "case", str(case_id)][hour] += count if metric == "submitted" else -count
    usual = {code: no_rates() for code in first}
    for (code, kind, key), counts in series.items():
        hours = max(24, round((until - first[code]) / HOUR))
        usual[code][kind][key] = round(_calm_mean(counts.values(), hours), 3)
    return usual


def _calm_mean(counts: Iterable[int], hours: int) -> float:
    left_out = int(hours * _LEFT_OUT)
    calm = sorted(counts, reverse=True)[left_out:]
    return sum(calm) / (hours - left_out)
