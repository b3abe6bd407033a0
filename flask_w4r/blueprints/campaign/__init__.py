"""The pages that many read (campaign, archive, case, impact, counts), and cases at the desk, with all that is done there."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import cases, pages, preview, ready, texts

PAGES = Pages(
    routes=(*pages.ROUTES, *cases.ROUTES, *texts.ROUTES, *preview.ROUTES, *ready.ROUTES),
    desk=(
        DeskPart("moderation_cases", lazy_gettext("Cases"), Permission.EDIT_CASES, 60, "cases"),
        DeskPart("moderation_ready", lazy_gettext("Before it opens"), Permission.EDIT_CASES, 61, "cases"),
    ),
)
