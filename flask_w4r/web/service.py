"""For machines that watch over the site."""

from __future__ import annotations

from flask import Response, abort, current_app, jsonify
from sqlalchemy import func, select

from ..models import OutboxMail
from ..services.storage import schema
from ..services.storage.unit_of_work import read
from . import here
from .responses import private

#: A mail that has waited longer than this, in seconds, means that no worker runs.
OUTBOX_LATE = 900


def healthz() -> Response:
    """Database, migrations, age of the outbox: 200 when all is well, else 503."""
    state = here().state
    report: dict[str, object] = {"database": "away", "migrations": "unknown", "outbox_age_seconds": None}
    healthy = False
    try:
        _, reader = state.engines(current_app)
        report["migrations"] = schema.status(reader).state
        report["database"] = "ok"
        now = state.clock()
        oldest = read(
            current_app,
            lambda session: session.scalar(
                select(func.min(OutboxMail.not_before)).where(OutboxMail.state == "queued", OutboxMail.not_before < now)
            ),
        )
        age = int((now - oldest).total_seconds()) if oldest else 0
        report["outbox_age_seconds"] = age
        healthy = report["migrations"] == "current" and age < OUTBOX_LATE
    except Exception as error:
        current_app.logger.error("healthz: %s", type(error).__name__)
    return private(Response(jsonify(report).data, status=200 if healthy else 503, mimetype="application/json"))


def missing(unknown: str) -> Response:
    """No page of ours has that path."""
    abort(404)


ROUTES = (("/healthz", "healthz", healthz, ("GET",), None),)
