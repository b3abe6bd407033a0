"""What is held of a person: their own page of it, and the desk's search for an exact address."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import find, my_data

PAGES = Pages(
    routes=(*find.ROUTES, *my_data.ROUTES),
    desk=(DeskPart("moderation_find", lazy_gettext("Find an address"), Permission.FIND_PERSON, 70),),
)
