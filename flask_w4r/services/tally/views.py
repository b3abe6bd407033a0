"""Counts as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class CountView:
    """A case's signatures against its goal. The percentage is cut, never rounded up to a goal not reached."""

    signatures: int
    goal: int | None
    as_of: datetime
    actions: dict[str, int] = field(default_factory=dict)
    #: The same by type and source.
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def percent(self) -> int:
        """Share of the goal, 0 to 100, rounded to the nearest, but 100 only when the goal is reached."""
        if not self.goal:
            return 0
        if self.signatures >= self.goal:
            return 100
        return min(99, (200 * self.signatures + self.goal) // (2 * self.goal))


@dataclass(frozen=True)
class EditionCount:
    """An edition's totals: actions are not people, and people are not signatures."""

    total: int
    people: int
    signatures: int
    actions: dict[str, int]
    as_of: datetime
    #: The same by type and source.
    sources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
