"""All counts of an edition at one moment, as pages and files read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...action_types import in_order, type_words, types_of
from ...i18n import lazy_gettext
from ...models import TallySlot
from ...seam import Action
from ...sections import Section
from .counts import PEOPLE, PEOPLE_ERASED, SIGNATURE, WHOLE_EDITION
from .views import CountView, EditionCount, GoalView


@dataclass(frozen=True)
class Counts:
    """All counts of one edition at one moment.

    :param cases: by case and type.
    """

    cases: dict[int, dict[str, int]]
    people: int
    as_of: datetime
    #: How many of the people were erased.
    erased: int = 0
    #: By case, type and source.
    sources: Mapping[int, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)

    def of_case(self, case_id: int, goal: int | None) -> CountView:
        """The counts of one case."""
        actions = self.cases.get(case_id, {})
        return CountView(actions.get(SIGNATURE, 0), goal, self.as_of, actions, self.sources.get(case_id, {}))

    def of_edition(self, case_ids: Sequence[int]) -> EditionCount:
        """The totals over these cases (the public ones)."""
        actions: dict[str, int] = {}
        sources: dict[str, dict[str, int]] = {}
        for case_id in case_ids:
            for kind, count in self.cases.get(case_id, {}).items():
                actions[kind] = actions.get(kind, 0) + count
            for kind, numbers in self.sources.get(case_id, {}).items():
                of_kind = sources.setdefault(kind, {})
                for source, count in numbers.items():
                    of_kind[source] = of_kind.get(source, 0) + count
        return EditionCount(sum(actions.values()), self.people, actions.get(SIGNATURE, 0), actions, self.as_of, sources)


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


def counts(session: Session, section: Section, edition_id: int, now: datetime) -> Counts:
    """Sum the slots of one edition."""
    key = (TallySlot.case_id, TallySlot.action_type, TallySlot.source)
    rows = session.execute(
        select(*key, func.sum(TallySlot.count))
        .where(TallySlot.edition_id == edition_id, TallySlot.section == section.code)
        .group_by(*key)
    )
    cases: dict[int, dict[str, int]] = {}
    sources: dict[int, dict[str, dict[str, int]]] = {}
    for case_id, kind, source, total in rows:
        of_case = cases.setdefault(case_id, {})
        of_case[kind] = of_case.get(kind, 0) + int(total)
        sources.setdefault(case_id, {}).setdefault(kind, {})[source] = int(total)
    whole = cases.pop(WHOLE_EDITION, {})
    return Counts(cases, whole.get(PEOPLE, 0), now, whole.get(PEOPLE_ERASED, 0), sources)
