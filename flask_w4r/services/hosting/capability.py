"""By what hosting hangs itself into the rest."""

from __future__ import annotations

from datetime import timedelta

from ...seam import Action, Capability, Job, Link, Personal, Retention
from . import jobs, keep, letters, personal, report_counts, waits
from .queue import EVENTS, REPORT_WORDS, REPORTS

CAPABILITY = Capability(
    "hosting",
    models=("EventReport",),
    waits=(waits.EVENTS,),
    mails=letters.MAILS,
    links=(Link("host", "host_enter"), Link("event_confirm", "host_enter"), Link("host_list", "host_full_list")),
    queue=(EVENTS, REPORTS),
    jobs=(Job("events", jobs.run_events, every=jobs.EVENTS_EVERY, turn=10),),
    actions=tuple(Action(name, REPORT_WORDS[name]) for name in report_counts.COUNTED),
    retention=(
        Retention(
            "events",
            "who came to an event, who hosted it and where exactly: ``event_days`` after its end",
            lambda session, sweep: keep.forget_people(
                session, before=sweep.now - timedelta(days=sweep.kept["event_days"]), limit=sweep.limit
            ),
            in_pieces=True,
        ),
    ),
    personal=(Personal("w4r_event_report", ("note",), "events"),),
    holds=(personal.EVENTS, personal.REPORTS),
    recounts=(report_counts.approved,),
    pages="flask_w4r.blueprints.hosting",
)
