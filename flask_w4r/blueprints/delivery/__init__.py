"""What was handed over, for everybody; and at the desk its preparation, its files and its hand-over."""

from __future__ import annotations

from ...web.pages import Pages
from . import pages

PAGES = Pages(routes=pages.ROUTES, on_case=pages.on_case)
