"""Signing one case or several, the links in its mails, and invalidations at the desk."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import confirmation, flow, invalidations, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *confirmation.ROUTES, *invalidations.ROUTES),
    desk=(DeskPart("moderation_batches", lazy_gettext("Invalidations"), Permission.INVALIDATE, 30),),
    on_case=flow.on_case,
)
