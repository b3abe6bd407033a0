"""What is held of a person, and how long: the desk's search for an exact address, and what falls due when."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...state import Permission
from ...web.pages import DeskPart, Pages
from . import find, retention

PAGES = Pages(
    routes=(*find.ROUTES, *retention.ROUTES),
    desk=(
        DeskPart("moderation_find", lazy_gettext("Find an address"), Permission.FIND_PERSON, 70),
        DeskPart("moderation_retention", lazy_gettext("How long what is kept"), Permission.ERASE, 75),
    ),
)
