"""By what RSVPs hang themselves into the rest."""

from __future__ import annotations

from datetime import timedelta

from ...seam import Capability, Link, Personal, Retention
from . import keep, letters, personal, waits

CAPABILITY = Capability(
    "rsvps",
    models=("Rsvp",),
    waits=(waits.RSVPS,),
    mails=letters.MAILS,
    links=(Link("rsvp", "rsvp_manage"), Link("rsvp_confirm", "rsvp_manage")),
    retention=(
        Retention(
            "pending_rsvps",
            "RSVPs whose email address was not confirmed: ``pending_days``",
            lambda session, sweep: keep.purge_pending(
                session, before=sweep.now - timedelta(days=sweep.kept["pending_days"]), limit=sweep.limit
            ),
            in_pieces=True,
        ),
    ),
    personal=(Personal("w4r_rsvp", ("email_index", "person"), "events", "unconfirmed ones go with ``pending_rsvps``"),),
    holds=(personal.RSVPS,),
    pages="flask_w4r.blueprints.rsvps",
    commands={"events": "flask_w4r.cli.rsvps:events"},
)
