"""The pages that many read (campaign, archive, case, impact, counts), and cases at the desk: status, texts, preview."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import cases, pages, preview, texts

PAGES = Pages(
    routes=(*pages.ROUTES, *cases.ROUTES, *texts.ROUTES, *preview.ROUTES),
    desk=(DeskPart("moderation_cases", lazy_gettext("Cases"), Permission.EDIT_CASES, 60),),
)
