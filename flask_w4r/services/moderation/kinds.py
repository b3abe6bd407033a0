"""What every kind of thing in the desk's queue shares: a page of it, and how it is listed, decided and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .reasons import ReasonLine

PAGE_SIZE = 50
#: Counting stops here: "200+" tells a moderator as much as the exact number, at a price that does not grow.
COUNT_CAP = 200


class Waiting(Protocol):
    """What the queue's page needs of any row."""

    @property
    def item(self) -> str:
        """What names it in a form: ``signature:17``."""

    @property
    def kind(self) -> str:
        """The name of its kind."""

    @property
    def id(self) -> int:
        """Its number among its kind."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def score(self) -> int:
        """What the checks added up to."""

    @property
    def reasons(self) -> Sequence[ReasonLine]:
        """Why it waits."""


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue."""

    rows: Sequence[Waiting]
    #: How many wait in all, up to :data:`COUNT_CAP`; ``more`` when there are more.
    count: int
    more: bool
    #: Where the next page begins; ``None`` on the last.
    next_cursor: str | None
