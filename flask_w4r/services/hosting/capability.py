"""By what hosting hangs itself into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...models import Event
from ...seam import Capability, Indexed, Job, Link
from ..storage import ages
from . import jobs, keep, letters, personal, reindex, waits
from .queue import EVENTS

CAPABILITY = Capability(
    "hosting",
    purpose="To reach whoever hosts an event",
    waits=(waits.EVENTS,),
    mails=letters.MAILS,
    links=(Link("host", "host_enter"), Link("event_confirm", "host_enter"), Link("host_list", "host_full_list")),
    queue=(EVENTS,),
    jobs=(Job("events", jobs.run_events, every=jobs.EVENTS_EVERY, turn=10),),
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
    holds=(personal.EVENTS, personal.REPORTS),
    pages="flask_w4r.blueprints.hosting",
)
