"""Emails to those in power: the form, the page behind the link of its confirmation, and the desk's part."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import confirmation, desk, pages, thanks

PAGES = Pages(
    routes=(*pages.ROUTES, *thanks.ROUTES, *confirmation.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_emails", lazy_gettext("Emails"), Permission.DELIVER, 66, "out"),),
)
