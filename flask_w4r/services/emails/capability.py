"""By what emails to those in power hang themselves into the rest."""

from __future__ import annotations

from ...action_types import STANDARD
from ...i18n import lazy_gettext
from ...seam import Capability, Indexed, Job, Link, Personal, Way
from ...topics import WAYS
from . import checks, confirming, counts, drip, exports, keep, letters, personal, reindex, ways, writing
from .leaving import ACTION
from .queue import EMAILS

CAPABILITY = Capability(
    "emails",
    purpose="To send an email to those in power in a supporter's name, once each, and to count those that left",
    models=("TargetEmail", "EmailDrip", "EmailReply"),
    intake=(writing.EMAILS,),
    waits=(confirming.EMAILS,),
    mails=letters.MAILS,
    links=(Link(writing.CONFIRM, "email_confirm", "confirm_url"),),
    queue=(EMAILS,),
    jobs=(Job("emails", drip.job, every=drip.EVERY, turn=15, once=15),),
    actions=(STANDARD[ACTION],),
    ways=(
        Way(
            "email", WAYS["email"], "email", 30, lazy_gettext("We send it in your name to those who can change this."), 3,
            feature="emails", why_not=ways.why_not,
        ),
    ),
    retention=keep.RULES,
    personal=(
        Personal(
            "w4r_email", ("email_index", "person", "words"), "sent_emails",
            "those that never left have rules of their own",
        ),
    ),
    indexed=(Indexed("w4r_email", ("email_index",), reindex.step),),
    holds=(personal.EMAILS,),
    exports=(exports.EMAILS,),
    recounts=(counts.recount,),
    touched=(counts.touched,),
    urls=(ways.urls,),
    checks=(checks.check,),
    pages="flask_w4r.blueprints.emails",
)  # fmt: skip
