"""By what the outbox hangs itself into the rest. Each capability brings its own mails."""

from __future__ import annotations

from datetime import timedelta

from ...seam import Capability, Job, Link, Personal, Retention
from . import doctor, outbox, personal, send, unsubscribing

CAPABILITY = Capability(
    "mail",
    models=("OutboxMail", "Suppression", "Unsubscribed", "MailStop"),
    jobs=(Job("mail", send.job, turn=20, once=80, due=outbox.is_due),),
    retention=(
        Retention(
            "mails",
            "records of emails that were sent or dropped, without address or text: ``sent_mail_days``",
            lambda session, sweep: outbox.purge_outbox(
                session, before=sweep.now - timedelta(days=sweep.kept["sent_mail_days"])
            ),
        ),
    ),
    personal=(
        Personal(
            "w4r_outbox", ("recipient", "params", "cap_index", "dedupe"), "mails", "wiped once the email has been sent"
        ),
        Personal(
            "w4r_suppression",
            ("address_index",),
            None,
            "kept so that no more email goes there; a keyed hash, no address",
        ),
        Personal(
            "w4r_unsubscribed",
            ("address_index",),
            None,
            "kept so that no email goes there that nobody asked for; a keyed hash, no address",
        ),
    ),
    holds=(personal.OUTBOX, personal.SUPPRESSION),
    links=(Link(unsubscribing.PURPOSE, "unsubscribe", "unsubscribe_url"),),
    pages="flask_w4r.blueprints.mail",
    checks=(doctor.check,),
    commands={"mail": "flask_w4r.cli.mail:group"},
)
