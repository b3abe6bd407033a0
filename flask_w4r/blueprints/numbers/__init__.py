"""Numbers for people: a page at the desk, a table to take away, and a report to print."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk

PAGES = Pages(
    routes=desk.ROUTES,
    desk=(DeskPart("moderation_numbers", lazy_gettext("Numbers"), Permission.VIEW_QUEUE, 15),),
)
