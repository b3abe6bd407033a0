"""Signed documents, as the worker or a command left them: whoever reads them signs nothing."""

from __future__ import annotations

from flask import Response
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...services.rollup import aggregate
from ...services.storage.unit_of_work import read
from ...web import here
from ...web.responses import public_page
from ...web.templating import app_of_request


def _signed(kind: str) -> Response:
    def load(session: Session) -> str:
        row = aggregate.served(session, here().section, kind)
        if row is None:
            raise NotFound(kind)
        return row.document

    return public_page(("signed", kind), lambda: read(app_of_request(), load), mimetype="application/json")


def tally() -> Response:
    """``/api/v1/tally``: the section's numbers of the current edition, signed."""
    return _signed("tally")


def status_feed() -> Response:
    """``/api/v1/status-feed``: the centre's news of cases, signed."""
    return _signed("feed")


ROUTES = (
    ("/api/v1/tally", "api_tally", tally, ("GET",), "tally"),
    ("/api/v1/status-feed", "api_status_feed", status_feed, ("GET",), None),
)
