"""By what RSVPs hang themselves into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...models import Rsvp
from ...seam import Capability, Indexed, Link, Personal
from ..storage import ages
from . import keep, letters, personal, reindex, waits

CAPABILITY = Capability(
    "rsvps",
    purpose="To keep a place at an event, and to write about that event",
    models=("Rsvp",),
    waits=(waits.RSVPS,),
    mails=letters.MAILS,
    links=(Link("rsvp", "rsvp_manage"), Link("rsvp_confirm", "rsvp_manage")),
    retention=(
        ages.rule(
            "pending_rsvps",
            lazy_gettext("RSVPs whose email address was not confirmed: ``pending_days``"),
            Rsvp,
            keep.over,
            keep.let_go,
        ),
    ),
    personal=(Personal("w4r_rsvp", ("email_index", "person"), "events", "unconfirmed ones go with ``pending_rsvps``"),),
    indexed=(Indexed("w4r_rsvp", ("email_index",), reindex.step),),
    holds=(personal.RSVPS,),
    pages="flask_w4r.blueprints.rsvps",
    commands={"events": "flask_w4r.cli.rsvps:events"},
)
