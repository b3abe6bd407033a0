"""By what petitions hang themselves into the rest."""

from __future__ import annotations

from ...action_types import SIGNATURE, STANDARD
from ...i18n import lazy_gettext
from ...seam import Capability, Indexed, Job, Link, MailKind, Personal, Way
from ...topics import WAYS
from . import counts, exports, good_news, intake, invalidation_run, keep, letters, personal, reindex, subscribers, waits
from .queue import SIGNATURES

CAPABILITY = Capability(
    "petitions",
    purpose="To count who supports the person at risk, once each, and to hand the names over to the authorities whom the petition is addressed to",
    models=("GoodNews", "Signature"),
    intake=(intake.SIGNATURES,),
    waits=(waits.SIGNATURES,),
    mails=(
        *letters.MAILS,
        good_news.MAIL,
        MailKind(subscribers.KIND, hand_over=subscribers.hand_over),
        MailKind(subscribers.WITHDRAWAL, hand_over=subscribers.hand_over_withdrawal, always=True),
    ),
    links=(Link("confirm", "confirm", "confirm_url"), Link("not_me", "not_me", "not_me_url")),
    queue=(SIGNATURES,),
    jobs=(
        Job("invalidate", invalidation_run.job, turn=30),
        Job("good_news", good_news.job, turn=16, once=16, due=good_news.is_due),
    ),
    actions=(STANDARD[SIGNATURE],),
    ways=(
        Way(
            "petition", WAYS["petition"], "case", 10, lazy_gettext("Your name is handed over with all the others."), 2,
            anchor="sign", feature="petitions", on_page=True,
        ),
        Way(
            "sign_all", lazy_gettext("Sign for several people at once"), "sign_all", 60, minutes=5, values=lambda _: {},
            feature="petitions",
        ),
    ),
    retention=keep.RULES,
    personal=(
        Personal(
            "w4r_signature", ("email_index", "details_index", "name_index", "person"), "delivered_signatures",
            "pending, withheld, invalid and undelivered ones have rules of their own",
        ),
        Personal("w4r_signature", ("net_host", "net_site", "net_block"), "networks"),
    ),
    indexed=(
        Indexed("w4r_signature", ("email_index", "details_index", "name_index"), reindex.step),
        Indexed(
            "w4r_signature", ("net_host", "net_site", "net_block"), why="made with the key of a day", of_day=True
        ),
    ),
    holds=(personal.SIGNATURES, personal.CONSENTS),
    exports=exports.EXPORTS,
    recounts=(counts.recount,),
    touched=(counts.touched,),
    pages="flask_w4r.blueprints.petitions",
)  # fmt: skip
