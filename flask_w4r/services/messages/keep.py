"""How long messages are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, update
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import Message
from ...seam import Retention, Sweep
from ..storage import ages
from ..storage.rows import execute

#: What is left of a message: that there was one, and that it counts.
NOBODY: dict[str, Any] = {
    "email_index": None, "words": None, "person": None, "public": False, "shown_at": None, "consent_digest": None,
    "reasons": [], "held_for": None, "held_at": None, "score": 0,
}  # fmt: skip


def _over(name: str, column: Any, *states: str, **more: Any) -> Any:
    def which(sweep: Sweep) -> Any:
        old = ages.over(sweep, name, Message.section, lambda moment: column < moment)
        return and_(Message.state.in_(states), Message.words.is_not(None), old, *more.values())

    return which


def _delete(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    # The lock kept a confirmation that came at this moment from being half deleted.
    return execute(session, delete(Message).where(Message.id.in_(ids), Message.approved_at.is_(None)))


def _let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    gone = update(Message).where(Message.id.in_(ids), Message.words.is_not(None))
    return execute(session, gone.values(**NOBODY, version=Message.version + 1, updated_at=sweep.now))


def _rule(name: str, keeps: Any, which: Any, go: ages.LetGo) -> Retention:
    return ages.rule(name, keeps, Message, which, go)


_NOT_TAKEN = {"taken": Message.taken_at.is_(None)}
RULES = (
    _rule(
        "pending_messages",
        lazy_gettext("messages to the person whose writer’s email address was not confirmed: ``pending_days``"),
        _over("pending_days", Message.updated_at, "pending"),
        _delete,
    ),
    _rule(
        "refused_messages",
        lazy_gettext("messages that were not passed on: ``invalid_days``"),
        _over("invalid_days", Message.updated_at, "refused"),
        _delete,
    ),
    _rule(
        "unread_messages",
        lazy_gettext("messages that nobody read: ``undelivered_days``"),
        _over("undelivered_days", Message.updated_at, "submitted"),
        _delete,
    ),
    _rule(
        "untaken_messages",
        lazy_gettext("messages that were approved and never printed: ``undelivered_days``, then only counts"),
        _over("undelivered_days", Message.approved_at, "approved", **_NOT_TAKEN),
        _let_go,
    ),
    _rule(
        "taken_messages",
        lazy_gettext("messages that were printed or passed on: ``delivered_days`` after it, then only counts"),
        _over("delivered_days", Message.taken_at, "approved"),
        _let_go,
    ),
)
