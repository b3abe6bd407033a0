"""What a capability hangs in about what is kept: how long, where something personal stands, and under which key it is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..sections import Section

if TYPE_CHECKING:
    from ..keyring import Keyring


@dataclass(frozen=True)
class Reserves:
    """Rows that something under way needs still, so that no retention rule may touch them yet.

    :param table: whose rows.
    :param words: what needs them, as it ends a sentence: "a delivery that is being prepared".
    :param needs: ``(the table's id column) -> SQL condition``: whether a row is needed. Whoever begins to need rows locks them
        first (``FOR UPDATE``), as a sweep does.
    """

    name: str
    table: str
    words: Any
    needs: Callable[[Any], Any]


@dataclass(frozen=True)
class Sweep:
    """What a retention rule works with. Which rows are over, ``services.storage.ages`` helps to say.

    :param kept: ``W4R_RETENTION``: days by name.
    :param sections: the site's.
    :param now: what is over then. To say what falls due when, a rule is asked about moments to come.
    :param limit: rows in one piece.
    :param reserves: what other capabilities need still.
    :param code: the only section that is asked about; ``None``: everything, what sections left behind that are no more
        included.
    :param most: count up to so many; ``None``: all.
    """

    keyring: Keyring
    sections: Sequence[Section]
    kept: Mapping[str, int]
    now: datetime
    limit: int = 500
    reserves: Sequence[Reserves] = ()
    code: str | None = None
    most: int | None = None


@dataclass(frozen=True)
class Retention:
    """How long something is kept.

    ``sweep``: ``(session, sweep) -> how many went``, in one transaction.
    ``due``: ``(session, sweep) -> how many are over``, those included that something needs still.
    ``needed``: ``(session, sweep) -> how many of them must stay for now``, see :class:`Reserves`.

    :param keeps: the rule in words, for people; what a section or site may set stands in it by name: ``pending_days``.
    :param in_pieces: ``sweep`` takes ``Sweep.limit`` rows at most and is called until nothing goes.
    :param of_site: what goes belongs to no section.
    """

    name: str
    keeps: Any
    sweep: Callable[[Any, Sweep], int]
    due: Callable[[Any, Sweep], int]
    in_pieces: bool = False
    needed: Callable[[Any, Sweep], int] | None = None
    of_site: bool = False


@dataclass(frozen=True)
class Personal:
    """Columns of a table that hold something about a person, sealed or as a keyed hash.

    :param rule: the :class:`Retention` that ends it; ``None`` where it is not swept, and ``why`` says when it goes.
    """

    table: str
    columns: Sequence[str]
    rule: str | None = None
    why: str = ""


@dataclass(frozen=True)
class Reindexed:
    """What making some indexes anew came to.

    :param seen: rows that were looked at.
    :param stale: those whose index was, or is, not of the newest key.
    :param doubled: those of them whose index another row has: one and the same address, twice.
    :param after: the last row's id, to go on after it; ``None``: there are no more.
    """

    seen: int
    stale: int
    doubled: int
    after: int | None


@dataclass(frozen=True)
class Indexed:
    """Columns that hold keyed hashes, and how they come to be of a new index key.

    ``step``: ``(session, keyring, after, limit, *, write) -> Reindexed``: the next rows, in the order of ids, from what is sealed
    beside them; in one transaction, locked. Without ``write`` it only looks. ``None`` where they cannot be made anew, and ``why``
    says what becomes of them.

    :param earlier: they are looked for under earlier index keys as long as those are set.
    :param of_day: they are made with the key of a day, which does not move with a section: they stay behind too.
    """

    table: str
    columns: Sequence[str]
    step: Callable[..., Reindexed] | None = None
    why: str = ""
    earlier: bool = False
    of_day: bool = False
