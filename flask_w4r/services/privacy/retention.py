"""How long what is kept: the sweep that asks every capability for its rules, and lets go of what is over.

The worker's job and ``flask w4r retention run`` are one code. What could be much goes in pieces, each a transaction: whoever
kills it loses nothing, and the next run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import ngettext
from ...seam import Retention, Sweep, Tools
from ...sections import Section
from ...sections.days import days_of
from ...state import Hooks, Permission, W4RState, get_state
from ..people.permissions import require
from ..storage.unit_of_work import read, run

#: Seconds between two sweeps.
PURGE_EVERY = 3600.0
#: How far ahead the desk looks, in weeks.
WEEKS = 4
#: The desk counts up to so many of one rule.
MOST = 100_000
#: Told after each piece: the rule's name, and how many went with it.
Told = Callable[[str, int], None]


@dataclass(frozen=True)
class Kept:
    """What a rule came to.

    :ivar due: how many were over.
    :ivar done: how many went.
    :ivar needed: how many are over and stay, because something needs them still.
    :ivar why: what needs them.
    """

    what: str
    keeps: str
    due: int
    done: int = 0
    needed: int = 0
    why: str = ""

    @property
    def words(self) -> str:
        """The rule in words, without numbers: sections differ."""
        return self.keeps.replace("``", "")

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return {"what": self.what, "due": self.due, "done": self.done, "needed": self.needed, "why": self.why}


def sweep_of(state: W4RState, *, limit: int = 500) -> Sweep:
    """What the site's rules work with now."""
    return Sweep(
        state.keyring, tuple(state.sections.values()), state.config.retention, state.clock(), limit,
        tuple(state.seam.reserves.values()),
    )  # fmt: skip


def purge(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Let go of what is over, by the rules of all capabilities; the worker's job.

    :returns: how many of each went, by the rule's name.
    """
    state = get_state(app)
    sweep = sweep_of(state)
    gone: dict[str, Any] = {}
    for name, rule in state.seam.retention.items():
        for count in pieces(app, rule, sweep):
            gone[name] = gone.get(name, 0) + count
            if tools is not None and tools.stop.is_set():
                return gone
    return gone


def pieces(app: Any, rule: Retention, sweep: Sweep) -> Iterator[int]:
    """Let go of what a rule says is over, a transaction at a time; yields how many went with each."""
    count = _piece(app, rule, sweep)
    yield count
    # In pieces, so that no transaction holds many rows for long.
    while rule.in_pieces and count:
        count = _piece(app, rule, sweep)
        yield count


def _piece(app: Any, rule: Retention, sweep: Sweep) -> int:
    return run(app, lambda work: rule.sweep(work.session, sweep))


def due(app: Any, sweep: Sweep) -> list[Kept]:
    """How much is over, rule by rule; nothing is changed."""
    state = get_state(app)
    return [_due(app, rule, sweep) for rule in state.seam.retention.values()]


def _due(app: Any, rule: Retention, sweep: Sweep) -> Kept:
    def look(session: Session) -> tuple[int, int, str]:
        return rule.due(session, sweep), *_needed(session, rule, sweep)

    over, needed, why = read(app, look)
    return Kept(rule.name, str(rule.keeps), over, 0, needed, why)


def _needed(session: Session, rule: Retention, sweep: Sweep) -> tuple[int, str]:
    """How many rows that are over must stay, and what needs them."""
    count = rule.needed
    needed = count(session, sweep) if count is not None and sweep.reserves else 0
    if count is None or not needed:
        return 0, ""
    words = [str(one.words) for one in sweep.reserves if count(session, replace(sweep, reserves=(one,), most=1))]
    return needed, ", ".join(dict.fromkeys(words))


def let_go(app: Any, sweep: Sweep, told: Told) -> list[Kept]:
    """Let go of what is over, and say how much it was, rule by rule.

    :param told: called after each piece.
    """
    found = []
    for before in due(app, sweep):
        done = 0
        for count in pieces(app, get_state(app).seam.retention[before.what], sweep):
            done += count
            told(before.what, count)
        # Signatures come to be over while it goes on; what stays was counted before.
        found.append(replace(before, done=done, due=max(before.due, done + before.needed)))
    return found


@dataclass(frozen=True)
class Falling:
    """One rule, as the desk sees it.

    :ivar keeps: in words, with the section's days.
    :ivar now: how many are over; ``None`` above what is counted.
    :ivar weeks: how many more fall due in each of the weeks to come.
    :ivar needed: how many of those that are over stay, and ``why``.
    """

    name: str
    keeps: str
    now: int | None
    weeks: Sequence[int | None]
    needed: int
    why: str


def ahead(session: Session, hooks: Hooks, actor: Any, sweep: Sweep, section: Section) -> list[Falling]:
    """What of a section falls due when. It counts, and names nobody.

    :param sweep: from :func:`sweep_of`.
    :raises PermissionDenied: the actor may not ask here.
    """
    require(hooks, actor, Permission.ERASE, section)
    mine = replace(sweep, code=section.code, most=MOST)
    return [_falling(session, rule, mine, section) for rule in hooks.seam.retention.values() if not rule.of_site]


def _falling(session: Session, rule: Retention, sweep: Sweep, section: Section) -> Falling:
    moments = (replace(sweep, now=sweep.now + timedelta(weeks=number)) for number in range(WEEKS + 1))
    counted = [rule.due(session, one) for one in moments]
    weeks = [_more(after, before) for before, after in pairwise(counted)]
    needed, why = _needed(session, rule, sweep)
    return Falling(rule.name, _in_days(rule, section, sweep), _counted(counted[0]), weeks, needed, why)


def _in_days(rule: Retention, section: Section, sweep: Sweep) -> str:
    words = str(rule.keeps)
    for name in sweep.kept:
        days = days_of(section, name, sweep.kept)
        words = words.replace(f"``{name}``", ngettext("%(num)s day", "%(num)s days", days))
    return words


def _counted(number: int) -> int | None:
    return number if number < MOST else None


def _more(after: int, before: int) -> int | None:
    return max(0, after - before) if after < MOST else None
