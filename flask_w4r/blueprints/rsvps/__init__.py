"""Coming to an event: the form, and the page behind the link in a guest's mail."""

from __future__ import annotations

from ...web.pages import Pages
from . import manage, pages, thanks

PAGES = Pages(routes=(*pages.ROUTES, *manage.ROUTES, *thanks.ROUTES))
