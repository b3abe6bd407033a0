"""The worker's rounds: every capability's jobs in their order, each as often as it asks.

The same functions serve ``flask w4r jobs run``, Celery tasks, the thread of a site without a worker, and tests.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ...seam import Job, Tools
from ...state import get_state
from ..storage.bell import LOOK, Bell
from ..storage.unit_of_work import read
from . import signs

log = logging.getLogger("flask_w4r.jobs")

#: Seconds that a job rests, at most, while what it needs is away.
LONGEST_WAIT = 60.0
#: Seconds from one round to the next while somebody waits. What comes meanwhile is done together: a round of one costs
#: nearly what a round of twenty does.
GATHER = 0.25
Report = Callable[[str, dict[str, Any]], None]


def run_once(app: Any, tools: Tools) -> dict[str, dict[str, Any]]:
    """Run every job once. Returns what each did.

    :raises sqlalchemy.exc.DBAPIError: the database is away.
    """
    jobs = sorted(get_state(app).seam.jobs.values(), key=lambda job: job.once)
    return {job.name: run_job(app, tools, job) for job in jobs}


def run_job(app: Any, tools: Tools, job: Job) -> dict[str, Any]:
    """Run one job, and leave a sign of life."""
    done = job.run(app, tools)
    signs.leave(app)
    return done


def run_until_stopped(app: Any, tools: Tools, *, interval: float, report: Report = lambda name, done: None) -> None:
    """Run jobs until ``tools.stop`` is set, looking every ``interval`` seconds for those that are due.

    What somebody waits for (``Job.due``) is looked for twice a second, and at once where the database rings: the first of
    a crowd waits for nothing, the others for less than :data:`GATHER`. A database
    or a mail server that is away is logged, and the job that needs it asks again less and less often, up to once a minute.

    :param report: called after each job that did something.
    """
    worker = _Worker(app, tools, interval, report)
    bell = Bell(app)
    try:
        while not tools.stop.is_set():
            worker.look()
            until = time.monotonic() + interval
            while not tools.stop.is_set() and time.monotonic() < until:
                bell.wait(min(LOOK, max(0.0, until - time.monotonic())), tools.stop)
                began = time.monotonic()
                while not tools.stop.is_set() and worker.see_to_what_waits():
                    tools.stop.wait(max(0.0, began + GATHER - time.monotonic()))
                    began = time.monotonic()
    finally:
        bell.close()


class _Worker:
    """One call of :func:`run_until_stopped`."""

    def __init__(self, app: Any, tools: Tools, interval: float, report: Report) -> None:
        self.app, self.tools, self.interval, self.report = app, tools, interval, report
        self.jobs: Mapping[str, Job] = get_state(app).seam.jobs
        #: By job: not before this tick; and how long it rested last.
        self.due = dict.fromkeys(self.jobs, time.monotonic())
        self.rest: dict[str, float] = {}

    def look(self) -> None:
        """Run each job whose time has come."""
        for job in self.jobs.values():
            if not self.tools.stop.is_set() and time.monotonic() >= self.due[job.name]:
                self.run(job)

    def see_to_what_waits(self) -> bool:
        """Run the jobs that somebody waits for, in their order: the mails of what one wrote leave in the same round.

        :returns: whether any did something.
        """
        did = False
        for job in self.jobs.values():
            if job.due is not None and not self.tools.stop.is_set() and time.monotonic() >= self.due[job.name]:
                did = (self._waits(job, job.due) and self.run(job)) or did
        return did

    def _waits(self, job: Job, due: Callable[[Any, datetime], bool]) -> bool:
        """Whether somebody waits for a job."""
        try:
            return read(self.app, lambda session: due(session, get_state(self.app).clock()))
        except Exception as error:
            log.error("looking for work: %s; trying again", type(error).__name__)
            self._rest(job)
            return False

    def run(self, job: Job) -> bool:
        """Run one job; returns whether it did something. The worker outlives whatever befell it."""
        try:
            done = run_job(self.app, self.tools, job)
        except Exception as error:
            # The text of a database error holds the statement's parameters, so only its class is logged.
            log.error("job %s: %s; trying again", job.name, type(error).__name__)
            self._rest(job)
            return False
        if done.get("interrupted"):
            self._rest(job)
        else:
            self.rest.pop(job.name, None)
            self.due[job.name] = time.monotonic() + job.every
        if any(done.values()):
            self.report(job.name, done)
        return any(value for name, value in done.items() if name != "interrupted")

    def _rest(self, job: Job) -> None:
        most = max(LONGEST_WAIT, self.interval)
        self.rest[job.name] = min(max(self.rest.get(job.name, 0.0), self.interval) * 2, most)
        self.due[job.name] = time.monotonic() + self.rest[job.name]
