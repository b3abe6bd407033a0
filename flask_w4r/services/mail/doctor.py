"""Is somebody there to hand mail over, and does any wait too long?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...seam import Finding
from ...state import W4RState
from ..storage.unit_of_work import read
from .standing import outbox_status
from .stop import stopped

#: Seconds after which mail that waits means that no worker runs.
LATE = 900


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    if state.hooks.mailer is None and "mailman" not in app.extensions and not state.config.mail_url:
        yield Finding("error", "mail", "no mailer: pass W4R(mailer=...), use Flask-Mailman, or set W4R_MAIL_URL")
    now = state.clock()
    status, stop = read(app, lambda session: (outbox_status(session, now=now), stopped(session, now=now)))
    if stop is not None:
        yield Finding("error", "mail", f"sending stopped at {stop.since:%Y-%m-%d %H:%M} UTC: {stop.words}")
    if status.failed:
        yield Finding("warn", "mail", f"{status.failed} emails failed; see 'flask w4r mail status'")
    if stop is None and status.oldest_due_age > LATE:
        yield Finding("error", "mail", f"an email has waited {status.oldest_due_age:.0f} s; start 'flask w4r jobs run'")
    elif stop is None:
        yield Finding("ok", "mail", "no email has been waiting long")
