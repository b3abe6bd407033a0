"""By what reports hang themselves into the rest."""

from __future__ import annotations

from ...action_types import STANDARD
from ...seam import Capability, Indexed, Personal
from . import counting, keep, mails, personal, reindex, telling, waits
from .queue import REPORTS

CAPABILITY = Capability(
    "reports",
    purpose="To count what was written on paper, and to ask whoever says so",
    models=("Report",),
    intake=(telling.REPORTS,),
    waits=(waits.REPORTS,),
    mails=mails.MAILS,
    queue=(REPORTS,),
    actions=tuple(STANDARD[name] for name in ("letter", "card", "petition_paper", "solidarity_card", "social_post", "other")),
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
