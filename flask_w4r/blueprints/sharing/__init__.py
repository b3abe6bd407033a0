"""Telling others: the share page of a case with its pictures and papers, what came of it, and the desk's look at all of that."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import CaseLink, DeskPart, Pages
from . import desk, files, pages, visits

PAGES = Pages(
    routes=(*pages.ROUTES, *files.ROUTES, *visits.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_shares", lazy_gettext("Sharing"), Permission.EDIT_CASES, 67, "cases"),),
    on_case=pages.on_case,
    on_thanks=pages.on_thanks,
    case_links=(CaseLink("moderation_share", lazy_gettext("Texts and pictures to share"), Permission.EDIT_CASES),),
)
