"""What was handed over, for everybody; and at the desk its preparation, its files and its hand-over."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_deliveries", lazy_gettext("Deliveries"), Permission.DELIVER, 65, "out"),),
    on_case=pages.on_case,
)
