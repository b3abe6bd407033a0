"""By what reports hang themselves into the rest."""

from __future__ import annotations

from ...seam import Action, Capability, Indexed, Personal
from . import counting, keep, mails, personal, reindex, telling, waits
from .queue import REPORT_WORDS, REPORTS

CAPABILITY = Capability(
    "reports",
    purpose="To count what was written on paper, and to ask whoever says so",
    models=("Report",),
    intake=(telling.REPORTS,),
    waits=(waits.REPORTS,),
    mails=mails.MAILS,
    queue=(REPORTS,),
    actions=tuple(Action(name, REPORT_WORDS[name]) for name in counting.COUNTED if name != "email"),
    retention=keep.RULES,
    personal=(
        Personal(
            "w4r_report", ("note", "person", "email_index", "digest"), "reports",
            "a host's goes with the event; unconfirmed ones with ``pending_reports``",
        ),
    ),
    indexed=(Indexed("w4r_report", ("email_index", "digest"), reindex.step),),
    holds=(personal.REPORTS,),
    recounts=(counting.approved,),
    pages="flask_w4r.blueprints.reports",
    commands={"reports": "flask_w4r.cli.reports:reports"},
)  # fmt: skip
