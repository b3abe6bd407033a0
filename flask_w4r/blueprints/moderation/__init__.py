"""The desk: overview, queue, rules and limits. What waits, and how it is decided, comes from the seam."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import overview, queue, rules

PAGES = Pages(
    routes=(*overview.ROUTES, *queue.ROUTES, *rules.ROUTES),
    desk=(
        DeskPart("moderation", lazy_gettext("Overview"), Permission.VIEW_QUEUE, 10),
        DeskPart("moderation_queue", lazy_gettext("Queue"), Permission.VIEW_QUEUE, 20),
        DeskPart("moderation_rules", lazy_gettext("Rules and limits"), Permission.DECIDE, 40, "protection"),
    ),
)
