"""By what messages to the person at risk hang themselves into the rest."""

from __future__ import annotations

from ...action_types import STANDARD
from ...i18n import lazy_gettext
from ...seam import Capability, Indexed, Link, Personal, Way
from ...topics import WAYS
from . import counts, exports, intake, keep, mails, personal, reindex, rules, views, waits
from .queue import MESSAGES
from .written import ACTION

CAPABILITY = Capability(
    "messages",
    purpose="To pass words of support on to the person at risk, and to nobody else",
    models=("Message",),
    intake=(intake.MESSAGES,),
    waits=(waits.MESSAGES,),
    mails=mails.MAILS,
    links=(Link(mails.CONFIRM, "message_confirm", "message_url"),),
    queue=(MESSAGES,),
    actions=(STANDARD[ACTION],),
    ways=(
        Way(
            "solidarity", WAYS["solidarity"], "solidarity", 40,
            lazy_gettext("We read your words and pass them on: to know that one is not forgotten gives strength."), 5,
            feature="messages", why_not=rules.why_not,
        ),
    ),
    retention=keep.RULES,
    personal=(
        Personal(
            "w4r_message", ("email_index", "words", "person", "consent_digest"), "taken_messages",
            "those that were not confirmed, read or passed on have rules of their own",
        ),
    ),
    indexed=(
        Indexed("w4r_message", ("email_index",), reindex.step),
        Indexed("w4r_message", ("consent_digest",), why="the digest of words that everybody may read, made by no key"),
    ),
    holds=(personal.MESSAGES,),
    exports=(exports.MESSAGES,),
    recounts=(counts.recount,),
    touched=(counts.touched,),
    urls=(views.urls,),
    pages="flask_w4r.blueprints.messages",
    commands={"cards": "flask_w4r.cli.messages:cards"},
)  # fmt: skip
