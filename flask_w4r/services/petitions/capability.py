"""By what petitions hang themselves into the rest."""

from __future__ import annotations

from datetime import timedelta

from ...i18n import lazy_gettext
from ...seam import Action, Capability, Job, Link, MailKind, Personal, Retention
from ..tally.counts import SIGNATURE
from . import counts, exports, intake, invalidation_run, keep, letters, personal, subscribers, waits
from .queue import SIGNATURES

CAPABILITY = Capability(
    "petitions",
    models=("Signature",),
    intake=(intake.SIGNATURES,),
    waits=(waits.SIGNATURES,),
    mails=(
        *letters.MAILS,
        MailKind(subscribers.KIND, hand_over=subscribers.hand_over),
        MailKind(subscribers.WITHDRAWAL, hand_over=subscribers.hand_over_withdrawal, always=True),
    ),
    links=(Link("confirm", "confirm", "confirm_url"), Link("not_me", "not_me", "not_me_url")),
    queue=(SIGNATURES,),
    jobs=(Job("invalidate", invalidation_run.job, turn=30),),
    actions=(Action(SIGNATURE, lazy_gettext("Signatures")),),
    retention=(
        Retention(
            "pending_signatures",
            "signatures whose email address was not confirmed: ``pending_days``",
            lambda session, sweep: keep.purge_pending(
                session, before=sweep.now - timedelta(days=sweep.kept["pending_days"]), limit=sweep.limit
            ),
            in_pieces=True,
        ),
        Retention(
            "networks",
            "where a signature came from, as hashes with a daily key: 14 days",
            lambda session, sweep: keep.forget_networks(session, today=sweep.now.date(), limit=sweep.limit),
            in_pieces=True,
        ),
    ),
    personal=(
        Personal(
            "w4r_signature", ("email_index", "details_index", "name_index", "person"), "pending_signatures",
            "confirmed ones stay until they are erased",
        ),
        Personal("w4r_signature", ("net_host", "net_site", "net_block"), "networks"),
    ),
    holds=(personal.SIGNATURES, personal.CONSENTS),
    exports=exports.EXPORTS,
    recounts=(counts.recount,),
    touched=(counts.touched,),
    pages="flask_w4r.blueprints.petitions",
)  # fmt: skip
