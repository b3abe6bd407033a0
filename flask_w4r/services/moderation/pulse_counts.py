"""What arrived hour by hour in every section: asked for all sections and hours at once, so that many cost what one does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, extract, func, select
from sqlalchemy.orm import Session

from ...models import OutboxMail, Pulse, Signature

HOUR = timedelta(hours=1)
#: Stands for the whole section where a case may be named.
WHOLE_SECTION = 0
NETWORK_METRICS = ("net_host", "net_site", "net_block")
#: A network is named from so many signatures in an hour, and the first so many of them.
NETWORK_FLOOR = 5
NETWORKS_NAMED = 10
#: The visits' own count, which no row of ours can be counted from.
OPENED = "opened"
_PLAIN = ("submitted", "confirmed", "held", "held_confirmed", "pending", "released", "invalid")
#: Of each mail provider, of the whole section alone: what waits for its email to be confirmed and what was, held or not.
DOMAIN_STATES = {"domain_confirmed": "confirmed", "domain_pending": "pending"}

#: Section, hour, case, metric and key.
Key = tuple[str, datetime, int, str, str]
Counts = dict[Key, int]


def hour_of(moment: datetime) -> datetime:
    """The first moment of an hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def network_key(day: date, value: bytes) -> str:
    """How a network that was seen is written: ``<day>/<hex>``."""
    return f"{day.isoformat()}/{bytes(value).hex()}"


def kept_hours(session: Session, codes: Collection[str], since: datetime, until: datetime) -> Counts:
    """What was written down of some hours, forms that were opened left out.

    :param codes: the sections.
    :param since: the first hour.
    :param until: the end of the last.
    """
    rows = session.execute(
        select(Pulse.section, Pulse.hour, Pulse.case_id, Pulse.metric, Pulse.key, Pulse.count).where(
            Pulse.section.in_(codes), Pulse.hour >= since, Pulse.hour < until, Pulse.metric != OPENED
        )
    )
    return {(code, hour, case_id, metric, key): count for code, hour, case_id, metric, key, count in rows}


def count_hours(session: Session, codes: Collection[str], since: datetime, until: datetime) -> Counts:
    """Count what arrived, section by section and hour by hour.

    :param codes: the sections.
    :param since: the first hour.
    :param until: the end of the last; within four weeks of ``since``.
    :returns: a whole section under case 0; nothing that is zero.
    """
    arrived = (Signature.section.in_(codes), Signature.created_at >= since, Signature.created_at < until)
    hours = _Hours(since, until)
    counts: Counts = defaultdict(int)

    def add(row: Any, case_id: int, metric: str, key: str, count: int) -> None:
        for counted in (case_id, WHOLE_SECTION):
            counts[row.section, hours.of(row), counted, metric, key] += count

    def when(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    place = (Signature.section, *_day_and_hour(Signature.created_at))
    free = Signature.held_at.is_(None)
    conditions = {
        "confirmed": and_(Signature.state == "confirmed", free),
        "held": Signature.held_at.is_not(None),
        "held_confirmed": and_(Signature.state == "confirmed", Signature.held_at.is_not(None)),
        "pending": and_(Signature.state == "pending", free),
        "released": Signature.released_at.is_not(None),
        "invalid": Signature.state == "invalid",
    }
    plain = select(
        *place, Signature.case_id, func.count().label("submitted"),
        *(when(condition).label(metric) for metric, condition in conditions.items()),
    )  # fmt: skip
    for row in session.execute(plain.where(*arrived).group_by(*place, Signature.case_id)):
        for metric in _PLAIN:
            add(row, row.case_id, metric, "", int(row._mapping[metric]))
    busiest = max((count for (_, _, _, metric, _), count in counts.items() if metric == "submitted"), default=0)
    if busiest:
        of_states = [when(Signature.state == state).label(metric) for metric, state in DOMAIN_STATES.items()]
        for metric, column, rows, more in (
            ("domain", Signature.mail_domain, arrived, of_states),
            ("reason", Signature.held_for, (*arrived, Signature.held_at.is_not(None)), []),
        ):
            grouped = select(*place, Signature.case_id, column.label("key"), func.count().label("number"), *more)
            wanted = grouped.where(*rows, column.is_not(None)).group_by(*place, Signature.case_id, column)
            for row in session.execute(wanted):
                key = str(row._mapping["key"])
                add(row, row.case_id, metric, key, row.number)
                for state in more:
                    counts[row.section, hours.of(row), WHOLE_SECTION, state.name, key] += int(row._mapping[state.name])
    if busiest >= NETWORK_FLOOR:
        counts.update(_networks(session, arrived, hours))
    due = (OutboxMail.section, *_day_and_hour(OutboxMail.not_before))
    mailed = (
        # By the hour it was due in, as the index goes, not by the hour it left in.
        select(*due, func.count().label("number"))
        .where(
            OutboxMail.state == "sent", OutboxMail.not_before >= since, OutboxMail.not_before < until,
            OutboxMail.section.in_(codes), OutboxMail.kind == "confirm",
        )
        .group_by(*due)
    )  # fmt: skip
    for row in session.execute(mailed):
        counts[row.section, hours.of(row), WHOLE_SECTION, "mailed", ""] = row.number
    return {key: count for key, count in counts.items() if count}


def _day_and_hour(moment: Any) -> tuple[Any, Any]:
    # What every database can take out of a moment; together they name an hour of four weeks.
    return extract("day", moment).label("day_of"), extract("hour", moment).label("hour_of")


class _Hours:
    """Hours by day and hour, as :func:`_day_and_hour` has them."""

    def __init__(self, since: datetime, until: datetime) -> None:
        every = (since + number * HOUR for number in range(round((until - since) / HOUR)))
        self._named: Mapping[tuple[int, int], datetime] = {(hour.day, hour.hour): hour for hour in every}

    def of(self, row: Any) -> datetime:
        """The hour of a row."""
        return self._named[int(row.day_of), int(row.hour_of)]


def _networks(session: Session, arrived: Iterable[Any], hours: _Hours) -> Counts:
    """The networks with most signatures in an hour, of each case and of each section."""
    found: Counts = {}
    place = (Signature.section, *_day_and_hour(Signature.created_at))
    number = func.count()
    for metric in NETWORK_METRICS:
        column = getattr(Signature, metric)
        for of_case in ((), (Signature.case_id,)):
            turn = func.row_number().over(partition_by=(*place, *of_case), order_by=(number.desc(), column))
            largest = (
                select(
                    *place, *of_case, Signature.net_day, column.label("network"), number.label("number"),
                    turn.label("turn"),
                )
                .where(*arrived, column.is_not(None), Signature.net_day.is_not(None))
                .group_by(*place, *of_case, Signature.net_day, column)
                .having(number >= NETWORK_FLOOR)
                .subquery()
            )  # fmt: skip
            rows = session.execute(select(largest).where(largest.c.turn <= NETWORKS_NAMED)).all()
            for row in rows:
                case_id = row.case_id if of_case else WHOLE_SECTION
                key = network_key(row.net_day, row.network)
                found[row.section, hours.of(row), case_id, metric, key] = row.number
            if not rows:
                # No case has what the sections have not.
                break
    return found
