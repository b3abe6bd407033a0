"""The log of what staff did, as those read it who may, a page at a time, and as a file to take away."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import log

PAGES = Pages(
    routes=log.ROUTES,
    desk=(DeskPart("moderation_audit", lazy_gettext("Audit log"), Permission.READ_AUDIT, 80, "data"),),
)
