"""For machines that watch over the site."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, current_app, jsonify
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ..models import OutboxMail
from ..services.intake.status import IntakeStatus, intake_status
from ..services.jobs.signs import last_seen
from ..services.mail.outbox import is_mail
from ..services.mail.stop import Stopped, stopped
from ..services.privacy import ledger
from ..services.rollup.status import feed_status
from ..services.storage import schema
from ..services.storage.unit_of_work import read
from ..services.webhooks.status import Waiting, waiting
from . import here
from .responses import private

#: A mail or a form that has waited longer than this, in seconds, means that no worker runs.
LATE = 900


def healthz() -> Response:
    """Database, migrations, what the worker has not done yet and when it was last seen: 200 when all is well, else 503."""
    state = here().state
    report: dict[str, object] = {
        "database": "away", "migrations": "unknown", "outbox_age_seconds": None, "intake_age_seconds": None,
        "intake_waiting": None, "intake_set_aside": None, "worker_seen_seconds": None, "erasures": "unknown",
        "webhooks": {},
    }  # fmt: skip
    healthy = False
    try:
        _, reader = state.engines(current_app)
        report["migrations"] = schema.status(reader).state
        report["database"] = "ok"
        now = state.clock()

        def look(
            session: Session,
        ) -> tuple[datetime | None, Stopped | None, IntakeStatus, datetime | None, list[Waiting]]:
            late = (OutboxMail.state == "queued", OutboxMail.not_before < now, is_mail())
            oldest = session.scalar(select(func.min(OutboxMail.not_before)).where(*late))
            programs = waiting(session, state.keyring, state.hooks.webhooks, now=now)
            return oldest, stopped(session, now=now), intake_status(session, now=now), last_seen(session), programs

        if state.config.status_feed is not None:
            feed = read(current_app, lambda session: feed_status(session, now))
            report["status_feed"] = {
                "seen_seconds": feed.seen_seconds,
                "refused": feed.is_refused,
                "late": feed.is_late,
            }
        old = read(current_app, lambda session: ledger.problem(session, state))
        report["erasures"] = "to be made again" if old else "ok"
        oldest, stop, intake, seen, programs = read(current_app, look)
        # A server that takes nothing is not asked for each mail, so that they are put off; one has waited since.
        since = min(moment for moment in (oldest, stop.since if stop else None, now) if moment is not None)
        age = int((now - since).total_seconds())
        report |= {
            "outbox_age_seconds": age,
            "intake_age_seconds": int(intake.oldest_age),
            "intake_waiting": intake.waiting,
            "intake_set_aside": intake.set_aside,
            # For whoever watches; a program that is away is no fault of the site's.
            "webhooks": {
                one.name: {"waiting": one.waiting, "failed": one.failed, "oldest_seconds": one.oldest_seconds}
                for one in programs
            },
            "worker_seen_seconds": int((now - seen).total_seconds()) if seen else None,
        }
        healthy = not old and report["migrations"] == "current" and max(age, intake.oldest_age) < LATE
    except Exception as error:
        current_app.logger.error("healthz: %s", type(error).__name__)
    return private(Response(jsonify(report).data, status=200 if healthy else 503, mimetype="application/json"))


def missing(unknown: str) -> Response:
    """No page of ours has that path."""
    abort(404)


ROUTES = (("/healthz", "healthz", healthz, ("GET",), None),)
