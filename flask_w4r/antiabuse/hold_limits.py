"""Limits above which signatures are held in silence: per case, and per case and network.

Nobody is told, so that a flood cannot feel for the edge, and nobody is turned away. They count different mailboxes,
in the same round trip as the rates do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from limits import parse_many

from ..services.people.networks import UNKNOWN, NetworkTiers
from .counting import Counted
from .findings import Finding

_CHECKS = {"hold_case": "rate_case", "hold_host": "rate_network", "hold_site": "rate_network"}


@dataclass(frozen=True, slots=True)
class HoldLimit:
    """One limit to count an arrival against."""

    check: str
    counted: Counted
    amount: int


@lru_cache(maxsize=512)
def _amounts(text: str) -> Sequence[tuple[int, int]]:
    return [(item.amount, item.get_expiry()) for item in parse_many(text)]


def hold_limits(
    usual: Mapping[str, str],
    live: Mapping[tuple[int, str], str],
    case_ids: Iterable[int],
    tiers: NetworkTiers,
    *,
    share: int = 1,
) -> Sequence[HoldLimit]:
    """The limits that hold for an arrival.

    :param usual: ``W4R_RATE_LIMITS``.
    :param live: what the desk set, by case (0 for the section) and name; a case's own stands before the section's.
    :param share: the network's limits are divided by so much.
    """
    found = []
    for case_id in case_ids:
        whats = {"hold_case": f"{case_id}"}
        if tiers.host != UNKNOWN:
            whats.update(hold_host=f"{case_id}|{tiers.host}", hold_site=f"{case_id}|{tiers.site}")
        for name, what in whats.items():
            text = live.get((case_id, name)) or live.get((0, name)) or usual[name]
            part = 1 if name == "hold_case" else share
            for amount, seconds in _amounts(text):
                found.append(
                    HoldLimit(
                        _CHECKS[name], Counted(name, what, seconds, crowd=name == "hold_case"), max(1, amount // part)
                    )
                )
    return found


def hold_findings(wanted: Sequence[HoldLimit], count_of: Callable[[int], int]) -> Iterable[Finding]:
    """What is above its limit, each check once.

    :param count_of: how many members the limit at a place in ``wanted`` has had.
    """
    seen = set()
    for place, limit in enumerate(wanted):
        count = count_of(place)
        if count > limit.amount and limit.check not in seen:
            seen.add(limit.check)
            yield Finding(limit.check, hold=True, detail={"count": count, "limit": limit.amount})
