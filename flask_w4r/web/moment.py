"""What a process may take to be so for a moment, rather than ask the database for each visitor."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from . import Here

T = TypeVar("T")
#: How old it may be, by the app's clock and by the process' own: either may stand still, or be turned.
KEPT = timedelta(seconds=2)


def kept(place: Here, name: str, key: Hashable, load: Callable[[], T]) -> T:
    """What ``load`` says, which is asked again once its word is two seconds old.

    :param name: of the kind of fact.
    :param key: which of them: never what a visitor can make up, since all are kept.
    :param load: asks the database. What it raises is not kept.
    """
    now, tick = place.state.clock(), monotonic()
    known: dict[Any, tuple[T, datetime, float]] = place.state.once(f"kept:{name}", dict)
    if key in known:
        found, then, before = known[key]
        if abs(now - then) < KEPT and tick - before < KEPT.total_seconds():
            return found
    found = load()
    known[key] = (found, now, tick)
    return found
