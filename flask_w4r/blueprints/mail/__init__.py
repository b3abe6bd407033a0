"""The link that proves a mailbox; and the link that ends mails which nobody just asked for, and its one-click POST (RFC 8058)."""

from __future__ import annotations

from ...web.pages import Pages
from . import proving, unsubscribe

PAGES = Pages(routes=(*unsubscribe.ROUTES, *proving.ROUTES))
