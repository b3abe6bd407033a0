"""Schools: joining, the teacher's page, the form of a class, and schools at the desk."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import class_form, desk, pages, papers, report, teacher

PAGES = Pages(
    routes=(*pages.ROUTES, *teacher.ROUTES, *report.ROUTES, *papers.ROUTES, *class_form.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_schools", lazy_gettext("Schools"), Permission.DECIDE, 52, "together"),),
)
