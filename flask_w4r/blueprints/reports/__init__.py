"""Telling what was done: the form for anybody, and the section's own numbers at the desk."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_counts", lazy_gettext("Counts"), Permission.DECIDE, 45, "together"),),
)
