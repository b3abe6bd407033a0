"""By what the outbox hangs itself into the rest. Each capability brings its own mails."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...models import OutboxMail
from ...seam import Capability, Indexed, Job, Link, Personal
from ..storage import ages
from . import doctor, outbox, personal, proving, send, unsubscribing

CAPABILITY = Capability(
    "mail",
    purpose="To send the emails that people asked for, not too many, and none to those who want none",
    models=("OutboxMail", "Suppression", "Unsubscribed", "MailStop"),
    jobs=(Job("mail", send.job, turn=20, once=80, due=outbox.is_due),),
    retention=(
        ages.rule(
            "mails",
            lazy_gettext(
                "records of emails that were sent or dropped, without address or text, and what could not be sent, with"
                " them: ``sent_mail_days``"
            ),
            OutboxMail,
            outbox.over,
            outbox.let_go,
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
    indexed=(
        Indexed("w4r_outbox", ("cap_index",), why="made with the key of a day", of_day=True),
        Indexed("w4r_outbox", ("dedupe",), why="goes with the email; one about the same matter may come twice"),
        Indexed(
            "w4r_suppression",
            ("address_index",),
            earlier=True,
            why="the address is not kept; brought forward when it is suppressed again",
        ),
        Indexed("w4r_unsubscribed", ("address_index",), earlier=True, why="the address is not kept"),
    ),
    holds=(personal.OUTBOX, personal.SUPPRESSION),
    links=(
        Link(unsubscribing.PURPOSE, "unsubscribe", "unsubscribe_url"),
        Link(proving.PURPOSE, "prove", "confirm_url"),
    ),
    pages="flask_w4r.blueprints.mail",
    stays={"w4r_mail_stop": "how this site's mail server does"},
    checks=(doctor.check,),
    commands={"mail": "flask_w4r.cli.mail:group"},
)
