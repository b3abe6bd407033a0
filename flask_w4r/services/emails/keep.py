"""How long emails are kept: those never confirmed, those that never left, and what is personal of those that did."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, delete, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import TargetEmail
from ...seam import Retention, Sweep
from ..storage import ages
from ..storage.rows import execute
from .rows import wipe


def _over(sweep: Sweep, states: Collection[str], days: str) -> Any:
    old = ages.over(sweep, days, TargetEmail.section, lambda moment: TargetEmail.updated_at < moment)
    return and_(TargetEmail.state.in_(states), TargetEmail.person.is_not(None), old)


def _delete(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, delete(TargetEmail).where(TargetEmail.id.in_(ids), TargetEmail.state == "pending"))


def _wipe(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    rows = session.scalars(select(TargetEmail).where(TargetEmail.id.in_(ids), TargetEmail.person.is_not(None))).all()
    wipe(rows, "erased", now=sweep.now)
    session.flush()
    return len(rows)


def _rule(name: str, keeps: Any, states: Collection[str], days: str, go: ages.LetGo = _wipe) -> Retention:
    return ages.rule(name, keeps, TargetEmail, lambda sweep: _over(sweep, states, days), go)


RULES = (
    _rule(
        "sent_emails",
        lazy_gettext("emails to those in power: ``delivered_days`` after they left, then only counts"),
        ("sent",),
        "delivered_days",
    ),
    _rule(
        "unsent_emails",
        lazy_gettext("emails to those in power that never left: ``undelivered_days`` after they last changed"),
        ("confirmed",),
        "undelivered_days",
    ),
    _rule(
        "refused_emails",
        lazy_gettext("emails to those in power that were rejected or cancelled: ``invalid_days``"),
        ("refused", "cancelled"),
        "invalid_days",
    ),
    _rule(
        "pending_emails",
        lazy_gettext("emails to those in power whose writer’s address was not confirmed: ``pending_days``"),
        ("pending",),
        "pending_days",
        _delete,
    ),
)
