"""What every kind of thing in the desk's queue shares: a page of it, and how it is listed, decided and taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Batch
from ...sections import Section
from .filters import Filters, Place
from .reasons import ReasonLine
from .rows import Undone

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
        """One of ``queue.KINDS``."""

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


@dataclass(frozen=True)
class QueueKind:
    """One kind of thing that may wait.

    ``count``: ``(session, section, filters) -> how many wait``, up to one above :data:`COUNT_CAP`.
    ``list_page``: ``(session, keyring, section, filters, place, size) -> QueuePage``.
    ``decide``: ``(session, keyring, section, ids, act, make_batch, now) -> Batch | None``: locks what still waits
    among ``ids`` and, if anything does, asks ``make_batch`` for the batch and applies it.
    ``undo``: ``(session, keyring, section, batch, limit=...) -> Undone``: gives back that many rows at most of what a
    batch changed; nothing when there is nothing left.
    ``needs_reason``: whether a rejection must say why: the reason is mailed to whom it is about.
    """

    name: str
    words: Any
    count: Callable[[Session, Section, Filters], int]
    list_page: Callable[[Session, Keyring, Section, Filters, Place | None, int], QueuePage]
    decide: Callable[[Session, Keyring, Section, Sequence[int], str, Callable[[], Batch], datetime], Batch | None]
    undo: Callable[..., Undone]
    needs_reason: bool = False
