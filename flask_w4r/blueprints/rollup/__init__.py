"""What is signed, for programs: the section's own numbers and the centre's news; what the news came to, at the desk; and on the
centre's own site the sums of all sections.
"""

from __future__ import annotations

from ...web.pages import Pages
from . import api, news, world

PAGES = Pages(routes=(*api.ROUTES, *news.ROUTES, *world.ROUTES), desk=(news.DESK,), on_overview=news.on_overview)
