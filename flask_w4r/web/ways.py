"""The list of ways to act, for whoever shows one."""

from __future__ import annotations

from collections.abc import Sequence

from ..services.campaign.views import CaseView
from ..services.campaign.ways import WayView, ways_for
from . import here


def ways_of(case: CaseView, *, on_page: bool = False) -> Sequence[WayView]:
    """The ways to act for a case at this site; see :func:`~flask_w4r.services.campaign.ways.ways_for`."""
    place = here()
    return ways_for(place.state.seam.ways.values(), place.state.config.features, place.lens, case, on_page=on_page)


def open_ways(case: CaseView) -> Sequence[WayView]:
    """Those of the ways to act that are open: what the page of one that is closed leads on to."""
    return [way for way in ways_of(case) if way.closed is None]
