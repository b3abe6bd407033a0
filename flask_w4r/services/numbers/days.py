"""What was done on each day, and at each event: the tally, taken apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...models import Case, Event, Report, TallySlot
from ...models.tally import NO_DAY
from ...sections import Section
from ..reports.counting import keys_of
from ..tally.keys import WHOLE_EDITION


@dataclass(frozen=True)
class ActionDay:
    """What was done on one day.

    :ivar day: where the section is; ``None``: what was counted before days were.
    :ivar numbers: actions by type.
    """

    day: date | None
    numbers: Mapping[str, int]

    @property
    def total(self) -> int:
        """Of all types together."""
        return sum(self.numbers.values())


@dataclass(frozen=True)
class EventLine:
    """What reports say was done at one event, as far as it counts.

    :ivar on: its first day, where it is.
    :ivar numbers: actions by type.
    """

    slug: str
    title: str
    on: date
    numbers: Mapping[str, int]

    @property
    def total(self) -> int:
        """Of all types together."""
        return sum(self.numbers.values())


def shown(section: Section, edition_id: int) -> Sequence[ColumnElement[bool]]:
    """The condition that a slot is of an action of an edition's cases, without withdrawn ones."""
    withdrawn = select(Case.id).where(Case.section == section.code, Case.status == "withdrawn")
    return (
        TallySlot.section == section.code, TallySlot.edition_id == edition_id, TallySlot.case_id != WHOLE_EDITION,
        TallySlot.case_id.not_in(withdrawn),
    )  # fmt: skip


def by_day(session: Session, section: Section, edition_id: int) -> list[ActionDay]:
    """The actions of an edition, day by day as far as there are any: together they are all of its actions."""
    days: dict[date, dict[str, int]] = {}
    key = (TallySlot.day, TallySlot.action_type)
    for day, kind, number in session.execute(
        select(*key, func.sum(TallySlot.count)).where(*shown(section, edition_id)).group_by(*key)
    ):
        if number:
            days.setdefault(day, {})[kind] = int(number)
    return [ActionDay(None if day == NO_DAY else day, days[day]) for day in sorted(days)]


def by_event(session: Session, section: Section, edition_id: int) -> list[EventLine]:
    """What reports that count tell of events, for cases of an edition, what is most first."""
    cases = set(
        session.scalars(
            select(Case.id).where(
                Case.edition_id == edition_id, Case.section == section.code, Case.status != "withdrawn"
            )
        )
    )
    rows = session.execute(
        select(Report, Event)
        .join(Event, Event.id == Report.event_id)
        .where(Report.section == section.code, Report.is_counted.is_(True))
    )
    numbers: dict[int, Counter[str]] = {}
    events: dict[int, Any] = {}
    for report, event in rows:
        for key, number in keys_of(section, report).items():
            if key.case_id in cases:
                events[event.id] = event
                numbers.setdefault(event.id, Counter())[key.type] += number
    found = [
        EventLine(event.slug, event.title, event.starts_local.date(), numbers[number])
        for number, event in events.items()
    ]
    return sorted(found, key=lambda line: (-line.total, line.on, line.slug))


def types_of(lines: Sequence[ActionDay | EventLine]) -> list[tuple[str, int]]:
    """The types that some lines have, with their sums, what was done most first."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums.update(line.numbers)
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
