"""The log's page and its export."""

from __future__ import annotations

from flask import Response, current_app, request, stream_with_context

from ...seam import ExportAsk
from ...services.audit import log as audit_log
from ...services.audit.log import Filters
from ...services.exports import take
from ...services.exports.writers import csv_lines
from ...services.storage.unit_of_work import read
from ...state import Permission
from ...web import here
from ...web.desk import allowed, desk_page, may
from ...web.responses import private
from ...web.templating import app_of_request


def _filters() -> Filters:
    return Filters(request.args.get("action", "").strip()[:40], request.args.get("actor", "").strip()[:100])


def log() -> Response:
    """The section's log, newest first."""
    actor = allowed(Permission.READ_AUDIT)
    place, filters = here(), _filters()
    before = request.args.get("before", type=_number)
    page = read(
        current_app,
        lambda session: audit_log.log_page(session, place.state.hooks, actor, place.section, filters, before=before),
    )
    return desk_page(
        "audit.html", "moderation_audit", actor, page=page, filters=filters,
        may_export=may(actor, Permission.EXPORT),
    )  # fmt: skip


def export() -> Response:
    """The log as a CSV file, with the page's filters."""
    actor = allowed(Permission.READ_AUDIT)
    allowed(Permission.EXPORT)
    place, filters, app = here(), _filters(), app_of_request()
    hooks, section, file = place.state.hooks, place.section, place.state.seam.exports["audit"]
    # Before the first line, so that whoever may not is told so, and again with each piece.
    take.insist_allowed(hooks, actor, file, section)
    ask = ExportAsk(section, place.state.clock(), filters=filters)
    rows = take.pieces(app, file, ask, allowed=lambda: take.insist_allowed(hooks, actor, file, section))
    # The host's hooks are asked for each piece, and may look at the request.
    lines = stream_with_context(csv_lines(file.columns(section), rows, None))
    response = private(Response(lines, mimetype="text/csv"))
    response.headers["Content-Disposition"] = f'attachment; filename="log-{section.code}.csv"'
    return response


def _number(text: str) -> int:
    """A log entry's number in a link.

    :raises ValueError: it is none, or none that a database could hold.
    """
    number = int(text)
    if not 0 < number < 2**62:
        raise ValueError(text)
    return number


ROUTES = (
    ("/moderation/audit", "moderation_audit", log, ("GET",), "moderation"),
    ("/moderation/audit.csv", "moderation_audit_export", export, ("GET",), "moderation"),
)
