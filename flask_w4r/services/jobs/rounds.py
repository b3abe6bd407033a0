"""The worker's rounds: every capability's jobs in their order, each as often as it asks.

The same functions serve ``flask w4r jobs run``, Celery tasks and tests.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from ...seam import Tools
from ...state import get_state

log = logging.getLogger("flask_w4r.jobs")

#: Seconds between two looks, at most, while something is away.
LONGEST_WAIT = 60.0


def run_once(app: Any, tools: Tools) -> dict[str, dict[str, Any]]:
    """Run every job once. Returns what each did.

    :raises sqlalchemy.exc.DBAPIError: the database is away.
    """
    jobs = sorted(get_state(app).seam.jobs.values(), key=lambda job: job.once)
    return {job.name: job.run(app, tools) for job in jobs}


def run_until_stopped(
    app: Any, tools: Tools, *, interval: float, report: Callable[[str, dict[str, Any]], None] = lambda name, done: None
) -> None:
    """Run jobs until ``tools.stop`` is set, looking every ``interval`` seconds for those that are due.

    A database or a mail server that is away is logged and asked again, less and less often, up to once a minute.

    :param report: called after each job that did something.
    """
    due = dict.fromkeys(get_state(app).seam.jobs, time.monotonic())
    wait = interval
    while not tools.stop.is_set():
        troubled = False
        for job in get_state(app).seam.jobs.values():
            if time.monotonic() < due[job.name]:
                continue
            try:
                done = job.run(app, tools)
            except Exception as error:  # The worker outlives whatever befell one round.
                # The text of a database error holds the statement's parameters, so only its class is logged.
                log.error("job %s: %s; trying again", job.name, type(error).__name__)
                troubled = True
                continue
            due[job.name] = time.monotonic() + job.every
            troubled = troubled or bool(done.get("interrupted"))
            if any(done.values()):
                report(job.name, done)
        wait = min(max(wait, interval) * 2, max(LONGEST_WAIT, interval)) if troubled else interval
        tools.stop.wait(wait)
