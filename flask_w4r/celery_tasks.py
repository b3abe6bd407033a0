"""The jobs as Celery tasks, for sites that run Celery anyway (``pip install flask_w4r[celery]``)."""

from __future__ import annotations

from typing import Any

from .cli.jobs import tools_for
from .errors import W4RError
from .seam import Job, Tools
from .services.jobs.rounds import run_job
from .state import get_state

#: Seconds between two runs of a task that the worker looks at each time.
EVERY_LOOK = 5.0


def register(celery_app: Any, flask_app: Any, *, schedule: bool = True, tools: Tools | None = None) -> dict[str, Any]:
    """Register every capability's jobs on a Celery app: ``w4r.mail``, ``w4r.purge`` and the others.

    They call the functions that ``flask w4r jobs run`` calls, within the Flask app's context. Two that run at once do
    no harm: a mail is claimed by one of them.

    :param celery_app: the host's Celery app.
    :param flask_app: the host's Flask app, on which ``W4R`` is set up.
    :param schedule: also add them to Celery beat's schedule.
    :param tools: what to render and send with; made from the Flask app when left out.
    :returns: the tasks by name.
    :raises W4RError: Celery is not installed.
    """
    try:
        from celery import Celery
    except ImportError as error:
        raise W4RError("Celery is not installed: pip install flask_w4r[celery]") from error
    if not isinstance(celery_app, Celery):
        raise W4RError("register() takes the Celery app first, then the Flask app")
    jobs = get_state(flask_app).seam.jobs
    tasks = {name: _register(celery_app, flask_app, job, tools) for name, job in jobs.items()}
    if schedule:
        beat = dict(celery_app.conf.beat_schedule or {})
        for name, job in jobs.items():
            seconds = job.every or EVERY_LOOK
            # A message that waited longer than its interval is of no use: the next one is there.
            beat[f"w4r.{name}"] = {"task": f"w4r.{name}", "schedule": seconds, "options": {"expires": seconds}}
        celery_app.conf.beat_schedule = beat
    return tasks


def _register(celery_app: Any, flask_app: Any, job: Job, tools: Tools | None) -> Any:
    def task() -> dict[str, Any]:
        with flask_app.app_context():
            return run_job(flask_app, tools or tools_for(flask_app), job)

    task.__name__ = f"w4r_{job.name}"
    # Not shared: another Celery app in the process has tasks of its own, for its own Flask app.
    return celery_app.task(name=f"w4r.{job.name}", ignore_result=True, shared=False)(task)
