"""All counts of an edition at one moment, as pages and files read them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...action_types import SIGNATURE, in_order, type_words, types_of
from ...i18n import lazy_gettext
from ...models import TallySlot
from ...models.tally import SOURCES, STATUSES
from ...seam import Action
from ...sections import Section
from .keys import FINAL, INTERIM, PEOPLE, PEOPLE_ERASED, WHOLE_EDITION
from .views import CountView, EditionCount, GoalView, Line


@dataclass(frozen=True)
class Counts:
    """All counts of one edition at one moment.

    :param cases: by case and type.
    :param told: the same by source and status too, in the order in which pages show them.
    """

    cases: Mapping[int, dict[str, int]]
    people: int
    as_of: datetime
    #: How many of the people were erased.
    erased: int = 0
    told: Mapping[int, Sequence[Line]] = field(default_factory=dict)

    def of_case(self, case_id: int, goal: int | None) -> CountView:
        """The counts of one case."""
        actions = self.cases.get(case_id, {})
        return CountView(actions.get(SIGNATURE, 0), goal, self.as_of, actions, self.told.get(case_id, ()))

    def of_edition(self, case_ids: Sequence[int]) -> EditionCount:
        """The totals over these cases (the public ones)."""
        actions: Counter[str] = Counter()
        lines: Counter[tuple[str, str, str]] = Counter()
        for case_id in case_ids:
            actions.update(self.cases.get(case_id, {}))
            lines.update({line[:3]: line.number for line in self.told.get(case_id, ())})
        return EditionCount(
            sum(actions.values()), self.people, actions[SIGNATURE], dict(actions), self.as_of, lines_of(lines)
        )


def lines_of(numbers: Mapping[tuple[str, str, str], int]) -> list[Line]:
    """Numbers by type, source and status as pages show them: what was done most comes first; what is nought is left out."""
    whole: Counter[str] = Counter()
    for (kind, _, _), number in numbers.items():
        whole[kind] += number

    def place(line: Line) -> tuple[int, str, int, int]:
        return -whole[line.type], line.type, SOURCES.index(line.source), STATUSES.index(line.status)

    return sorted((Line(*key, number) for key, number in numbers.items() if number), key=place)


def goals(
    section: Section,
    found: EditionCount,
    brought: Mapping[str, Action],
    more: Mapping[str, tuple[Any, int]] | None = None,
) -> list[GoalView]:
    """The section's goals for an edition, those that something is known of.

    :param brought: the types that capabilities bring, as ``Seam.actions`` has them.
    :param more: what else there is to reach: its words and how many so far, by name.
    """
    others = dict(more or {})
    known = {
        "total": found.total,
        "people": found.people,
        **dict.fromkeys((*types_of(section), *brought), 0),
        **found.actions,
    }
    known |= {name: number for name, (_, number) in others.items()}
    called = {"total": lazy_gettext("actions"), "people": lazy_gettext("people")}
    called |= {name: said for name, (said, _) in others.items()}
    return [
        GoalView(name, str(called.get(name) or type_words(section, name, brought)), known[name], goal)
        for name, goal in section.goals.items()
        if name in known
    ]


def case_goals(
    section: Section, wanted: Mapping[str, int], found: CountView, brought: Mapping[str, Action]
) -> list[GoalView]:
    """The goals of one case beside its signatures.

    :param wanted: by type of action, as its kit has them.
    """
    return [
        GoalView(name, type_words(section, name, brought), found.actions.get(name, 0), wanted[name])
        for name in in_order(wanted)
    ]


def counts(session: Session, section: Section, edition_id: int, now: datetime, *, is_over: bool = False) -> Counts:
    """Sum the slots of one edition.

    :param is_over: nothing more is expected: what is interim in the tables is final.
    """
    key = (TallySlot.case_id, TallySlot.action_type, TallySlot.source, TallySlot.status)
    rows = session.execute(
        select(*key, func.sum(TallySlot.count))
        .where(TallySlot.edition_id == edition_id, TallySlot.section == section.code)
        .group_by(*key)
    )
    told: dict[int, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for case_id, kind, source, status, total in rows:
        told[case_id][kind, source, told_as(status, is_over=is_over)] += int(total)
    cases: dict[int, dict[str, int]] = {}
    for case_id, numbers in told.items():
        of_case = cases.setdefault(case_id, {})
        for (kind, _, _), number in numbers.items():
            of_case[kind] = of_case.get(kind, 0) + number
    whole = cases.pop(WHOLE_EDITION, {})
    lines = {case_id: lines_of(numbers) for case_id, numbers in told.items() if case_id != WHOLE_EDITION}
    return Counts(cases, whole.get(PEOPLE, 0), now, whole.get(PEOPLE_ERASED, 0), lines)


def told_as(status: str, *, is_over: bool) -> str:
    """The status that a number is told with: of what is over, what is kept as interim is final."""
    return FINAL if is_over and status == INTERIM else status
