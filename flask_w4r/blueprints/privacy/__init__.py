"""What is held of a person, and how long: their own page of it, the desk's search for an exact address, what falls due."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import find, my_data, retention

PAGES = Pages(
    routes=(*find.ROUTES, *my_data.ROUTES, *retention.ROUTES),
    desk=(
        DeskPart("moderation_find", lazy_gettext("Find an address"), Permission.FIND_PERSON, 70, "data"),
        DeskPart("moderation_retention", lazy_gettext("How long what is kept"), Permission.ERASE, 75, "data"),
    ),
)
