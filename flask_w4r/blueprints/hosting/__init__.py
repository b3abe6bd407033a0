"""Hosting an event: the form, all that its host does with it, and events at the desk."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import desk, guests, manage, pages

PAGES = Pages(
    routes=(*pages.ROUTES, *manage.ROUTES, *guests.ROUTES, *desk.ROUTES),
    desk=(DeskPart("moderation_events", lazy_gettext("Events"), Permission.MANAGE_EVENTS, 50, "together"),),
)
