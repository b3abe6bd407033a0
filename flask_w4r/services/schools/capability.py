"""By what schools hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability, Indexed, Link, Personal
from . import counts, doctor, joining, keep, mails, personal, reindex, waits
from .queue import SCHOOLS

CAPABILITY = Capability(
    "schools",
    purpose="To let schools take part, and to count what their pupils wrote",
    models=("Pupil", "School", "SchoolClass"),
    intake=(joining.SCHOOLS,),
    waits=(waits.SCHOOLS,),
    mails=mails.MAILS,
    links=(Link(mails.PURPOSE, "school_enter"),),
    queue=(SCHOOLS,),
    retention=keep.RULES,
    personal=(
        Personal("w4r_school", ("person", "email_index"), "schools", "unconfirmed ones with ``pending_schools``"),
        Personal(
            "w4r_school_class", ("secret", "code_index"), None,
            "what a teacher calls a class, and the code of its link: of no person; they go with the school",
        ),
        Personal("w4r_pupil", ("person",), "pupils"),
    ),
    indexed=(
        Indexed("w4r_school", ("email_index",), reindex.schools),
        Indexed("w4r_school_class", ("code_index",), reindex.classes),
    ),
    holds=(personal.SCHOOLS,),
    exports=(counts.SCHOOLS,),
    recounts=(counts.recount,),
    people=(counts.people,),
    goals=(counts.GOAL,),
    checks=(doctor.check,),
    pages="flask_w4r.blueprints.schools",
)  # fmt: skip
