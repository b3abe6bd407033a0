"""Counts as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ...i18n import lazy_gettext

#: Where a number comes from.
SOURCE_WORDS: Mapping[str, Any] = {
    "counted": lazy_gettext("counted by this site"),
    "self_reported": lazy_gettext("reported by those who did it"),
    "section_counted": lazy_gettext("counted by the section"),
}
#: Whether more is expected of a number.
STATUS_WORDS: Mapping[str, Any] = {
    "interim": lazy_gettext("Interim"),
    "final": lazy_gettext("Final"),
    "corrected": lazy_gettext("Corrected"),
}
#: The same of all numbers of a list.
STATUS_NOTES: Mapping[str, Any] = {
    "interim": lazy_gettext("All of these numbers are interim: more may come in."),
    "final": lazy_gettext("All of these numbers are final."),
    "corrected": lazy_gettext("All of these numbers have been corrected."),
}


class Line(NamedTuple):
    """A number of actions, with all that must stand beside it."""

    type: str
    source: str
    status: str
    number: int


@dataclass(frozen=True)
class GoalView:
    """What a section wants to reach, and how far it is.

    :param name: a type of action, ``total``, ``people`` or another thing that can be counted.
    """

    name: str
    words: str
    number: int
    goal: int

    @property
    def percent(self) -> int:
        """0 to 100; 100 only when the goal is reached."""
        return share_of(self.number, self.goal)

    @property
    def milestone(self) -> int | None:
        """The next quarter of the goal; ``None`` once it is reached."""
        quarters = (-(-self.goal * quarter // 4) for quarter in range(1, 5))
        return next((mark for mark in quarters if mark > self.number), None)


def share_of(number: int, goal: int) -> int:
    """The share of a goal in whole per cent, rounded to the nearest, but 100 only when it is reached."""
    return 100 if number >= goal else min(99, (200 * number + goal) // (2 * goal))


@dataclass(frozen=True)
class CountView:
    """A case's signatures against its goal. The percentage is cut, never rounded up to a goal not reached."""

    signatures: int
    goal: int | None
    as_of: datetime
    actions: dict[str, int] = field(default_factory=dict)
    #: The same by source and status too.
    lines: Sequence[Line] = ()

    @property
    def percent(self) -> int:
        """Share of the goal, 0 to 100, rounded to the nearest, but 100 only when the goal is reached."""
        if not self.goal:
            return 0
        return share_of(self.signatures, self.goal)


@dataclass(frozen=True)
class EditionCount:
    """An edition's totals: actions are not people, and people are not signatures."""

    total: int
    people: int
    signatures: int
    actions: dict[str, int]
    as_of: datetime
    #: The same by source and status too.
    lines: Sequence[Line] = ()
