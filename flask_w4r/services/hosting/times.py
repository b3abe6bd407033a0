"""Times on the clock of a place: what a host types becomes one moment, or is said to be none, or two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

TimeKey = Literal["zone", "skipped", "twice"]


class TimeFault(ValueError):
    """What was typed is not one moment there. ``key``: ``zone`` (no such zone), ``skipped`` (the clocks jump over it)
    or ``twice`` (the clocks are put back, so that it comes twice)."""

    def __init__(self, key: TimeKey) -> None:
        self.key: TimeKey = key
        super().__init__(key)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether that is the name of a time zone."""
    return name in _names()


def zones_of(country: str) -> list[str]:
    """The time zones of a country, sorted by name."""
    found = get_global("territory_zones").get(country, ())
    return sorted(name for name in found if is_zone(name) and "/" in name)


def moments(local: datetime, zone: str) -> list[datetime]:
    """The moments, in UTC, at which the clocks of a zone show ``local``: none, one or two.

    :raises TimeFault: there is no such zone.
    """
    if not is_zone(zone):
        raise TimeFault("zone")
    clock, naive = ZoneInfo(zone), local.replace(tzinfo=None, fold=0)
    found = {naive.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(moment for moment in found if moment.astimezone(clock).replace(tzinfo=None, fold=0) == naive)


def moment(local: datetime, zone: str, which: str = "") -> datetime:
    """The moment, in UTC, at which the clocks of a zone show ``local``.

    :param which: of two, the ``first`` or the ``second``.
    :raises TimeFault: it is not one moment, and nothing says which.
    """
    found = moments(local, zone)
    if not found:
        raise TimeFault("skipped")
    if len(found) == 1:
        return found[0]
    if which not in ("first", "second"):
        raise TimeFault("twice")
    return found[0] if which == "first" else found[1]


def which_of(local: datetime, zone: str, at: datetime) -> str:
    """``first`` or ``second`` where the clocks show ``local`` twice, else nothing: the other way round of
    :func:`moment`."""
    found = moments(local, zone)
    if len(found) < 2:
        return ""
    return "second" if abs(at - found[1]) < timedelta(seconds=1) else "first"
