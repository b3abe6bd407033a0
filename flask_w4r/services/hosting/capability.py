"""By what hosting hangs itself into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...models import Event
from ...seam import Action, Capability, Indexed, Job, Link, Personal
from ..storage import ages
from . import jobs, keep, letters, personal, reindex, report_counts, waits
from .queue import EVENTS, REPORT_WORDS, REPORTS

CAPABILITY = Capability(
    "hosting",
    purpose="To reach whoever hosts an event, and to know what was written there",
    models=("EventReport",),
    waits=(waits.EVENTS,),
    mails=letters.MAILS,
    links=(Link("host", "host_enter"), Link("event_confirm", "host_enter"), Link("host_list", "host_full_list")),
    queue=(EVENTS, REPORTS),
    jobs=(Job("events", jobs.run_events, every=jobs.EVENTS_EVERY, turn=10),),
    actions=tuple(Action(name, REPORT_WORDS[name]) for name in report_counts.COUNTED),
    retention=(
        ages.rule(
            "events",
            lazy_gettext("who came to an event, who hosted it and where exactly: ``event_days`` after its end"),
            Event,
            keep.over,
            keep.let_go,
        ),
    ),
    indexed=(Indexed("w4r_event", ("host_index",), reindex.step),),
    personal=(Personal("w4r_event_report", ("note",), "events"),),
    holds=(personal.EVENTS, personal.REPORTS),
    recounts=(report_counts.approved,),
    pages="flask_w4r.blueprints.hosting",
)
