"""The ways to act for a case, as lists of them show it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ...i18n import lazy_gettext
from ...seam import Way
from ...topics import WAYS
from .views import CaseView, Lens


@dataclass(frozen=True)
class WayView:
    """One way to act.

    :param url: its page.
    :param closed: why it is not open; ``None``: it is.
    """

    name: str
    words: str
    leads_to: str
    minutes: int | None
    url: str
    closed: str | None


def closed_by_kit(case: CaseView, name: str) -> Any:
    """Why the case's kit closes a way, in the case's own words where it has any; ``None``: it is open."""
    if name not in WAYS or case.ways is None or name in case.ways:
        return None
    return case.words.get(f"closed.{name}") or lazy_gettext("This way to act is not open for this case.")


def why_not(way: Way, case: CaseView, lens: Lens) -> str | None:
    """Why a way is not open for a case that takes actions; ``None``: it is."""
    found = closed_by_kit(case, way.name) or (way.why_not(case, lens.section) if way.why_not else None)
    return None if found is None else str(found)


def ways_for(
    ways: Iterable[Way], features: Collection[str], lens: Lens, case: CaseView, *, on_page: bool = False
) -> list[WayView]:
    """What can be done for a case: the site's ways in their order, those that are closed with the reason.

    :param ways: the seam's.
    :param features: the parts that the site has.
    :param on_page: leave out what stands on the case's own page.
    :returns: nothing for a case that takes no actions.
    """
    if not case.takes_actions:
        return []
    return [
        WayView(
            way.name,
            str(way.words),
            str(way.leads_to),
            way.minutes,
            lens.link(way.endpoint, **way.values(case.slug)) + (f"#{way.anchor}" if way.anchor else ""),
            why_not(way, case, lens),
        )
        for way in ways
        if (way.feature is None or way.feature in features) and not (on_page and way.on_page)
    ]
