"""Letters: the page to write on, the papers to print, and for hosts all that an event needs on paper."""

from __future__ import annotations

from ...web.pages import Pages
from . import pages, papers

PAGES = Pages(routes=(*pages.ROUTES, *papers.ROUTES))
