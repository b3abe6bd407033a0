"""Signing one case or several, the links in its mails, and invalidations at the desk."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import CaseLink, DeskPart, Pages
from . import confirmation, flow, good_news, invalidations, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *confirmation.ROUTES, *invalidations.ROUTES, *good_news.ROUTES),
    desk=(DeskPart("moderation_batches", lazy_gettext("Invalidations"), Permission.INVALIDATE, 30, "protection"),),
    on_case=flow.on_case,
    case_links=(
        CaseLink(
            "moderation_good_news", lazy_gettext("Email the good news"), Permission.EDIT_CASES, statuses=("freed",)
        ),
    ),
)
