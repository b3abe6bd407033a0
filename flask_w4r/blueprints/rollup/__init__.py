"""What is signed, for programs: the section's own numbers; and, on the centre's site, the sums of all sections."""

from __future__ import annotations

from ...web.pages import Pages
from . import api

PAGES = Pages(routes=(*api.ROUTES,))
