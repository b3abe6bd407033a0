"""By what events, as everybody finds them, hang themselves into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...seam import Capability, Personal, Way

CAPABILITY = Capability(
    "events",
    purpose="To show an event, and its exact place only to those who may know it",
    models=("Event", "EventCase", "EventChange"),
    personal=(
        Personal(
            "w4r_event", ("secret", "host_index"), "events", "the host is kept while a report is waiting for review"
        ),
    ),
    ways=(
        Way(
            "event",
            lazy_gettext("Write with others at an event"),
            "events",
            50,
            values=lambda slug: {"case": slug},
            feature="events",
        ),
    ),
    remade=("w4r_event_change",),
    pages="flask_w4r.blueprints.events",
)
