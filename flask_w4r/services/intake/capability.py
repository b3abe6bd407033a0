"""By what the intake hangs itself into the rest. Each capability brings its own kinds of form."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import Intake
from ...seam import Capability, Job, Personal, Sweep
from ..storage import ages
from ..storage.rows import execute
from . import batch, personal, status


def _over(sweep: Sweep) -> object:
    return ages.over(sweep, "pending_days", Intake.section, lambda moment: Intake.set_aside_at < moment)


def _let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, delete(Intake).where(Intake.id.in_(ids)))


CAPABILITY = Capability(
    "intake",
    purpose="To keep what was sent until the worker has looked at it, a few seconds as a rule",
    models=("Intake",),
    jobs=(Job("intake", batch.job, turn=5, once=5, due=batch.is_waiting),),
    retention=(
        ages.rule(
            "intake",
            lazy_gettext("forms that could not be processed: ``pending_days``; all others are deleted once processed"),
            Intake,
            _over,
            _let_go,
        ),
    ),
    personal=(Personal("w4r_intake", ("sealed",), "intake", "deleted once the worker has processed it"),),
    holds=(personal.FORMS,),
    checks=(status.check,),
    commands={"intake": "flask_w4r.cli.intake:group"},
)
