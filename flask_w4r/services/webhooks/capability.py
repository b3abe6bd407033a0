"""By what webhooks hang themselves into the rest. Each capability says itself what it tells of people."""

from __future__ import annotations

from ...seam import Capability, Job, MailKind
from ..mail import outbox
from . import send, status
from .events import KIND, tell_signals

#: Seconds between two looks at what waits for a webhook that the site does not have any more.
HOURLY = 3600.0


def _by_program(hooks: object, params: object) -> None:
    """posted to a program of ``W4R_WEBHOOKS``"""
    raise NotImplementedError("webhooks leave by their own job")


CAPABILITY = Capability(
    "webhooks",
    mails=(MailKind(KIND, hand_over=_by_program),),
    jobs=(
        Job("webhooks", send.job, turn=25, once=77, due=outbox.is_program_due),
        Job("webhooks_gone", send.forget_gone, every=HOURLY, turn=86, once=76),
    ),
    told=(tell_signals,),
    checks=(status.check,),
    commands={"webhooks": "flask_w4r.cli.webhooks:webhooks"},
)
