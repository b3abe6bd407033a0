"""Events as everybody may find them: list, map, feeds, calendars, an event's own page."""

from __future__ import annotations

from ...web.pages import Pages
from . import feeds, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *feeds.ROUTES),
    on_campaign=pages.on_campaign,
)
