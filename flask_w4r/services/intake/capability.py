"""By what the intake hangs itself into the rest. Each capability brings its own kinds of form."""

from __future__ import annotations

from datetime import timedelta

from ...seam import Capability, Job, Personal, Retention
from . import batch, personal, status

CAPABILITY = Capability(
    "intake",
    models=("Intake",),
    jobs=(Job("intake", batch.job, turn=5, once=5, due=batch.is_waiting),),
    retention=(
        Retention(
            "intake",
            "forms that could not be processed: ``pending_days``; all others are deleted once processed",
            lambda session, sweep: status.purge(session, before=sweep.now - timedelta(days=sweep.kept["pending_days"])),
        ),
    ),
    personal=(Personal("w4r_intake", ("sealed",), "intake", "deleted once the worker has processed it"),),
    holds=(personal.FORMS,),
    checks=(status.check,),
    commands={"intake": "flask_w4r.cli.intake:group"},
)
