"""Letters: the page to write on, the papers to print, for hosts all that an event needs on paper, and what is still lacking."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk, host, pages, papers

PAGES = Pages(
    routes=(*pages.ROUTES, *papers.ROUTES, *host.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_letters", lazy_gettext("Letters"), Permission.EDIT_CASES, 62, "cases"),),
    at_event=host.links,
)
