"""Files that staff take away at the desk: which, why, and by somebody who proved again who they are."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk

PAGES = Pages(
    routes=desk.ROUTES,
    desk=(DeskPart("moderation_exports", lazy_gettext("Exports"), Permission.EXPORT, 75, "data"),),
)
