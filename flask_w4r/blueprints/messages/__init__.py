"""Writing to the person at risk, and the desk's page to read, print and show what was written."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import confirmation, desk, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *confirmation.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_messages", lazy_gettext("Messages"), Permission.VIEW_QUEUE, 35, "out"),),
    on_case=pages.on_case,
)
