"""How the outbox stands, as the health check and the command line tell it: numbers, and nobody's address."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from ...models import OutboxMail
from .outbox import is_mail


@dataclass(frozen=True)
class OutboxStatus:
    """How the outbox stands. Ages are in seconds."""

    queued: int
    due: int
    failed: int
    sent: int
    dropped: int
    oldest_due_age: float
    failures: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {**asdict(self), "failures": list(self.failures)}


def outbox_status(session: Session, *, now: datetime, failures: int = 20) -> OutboxStatus:
    """Count the outbox and list its latest failures, without any personal data."""
    counted = session.execute(select(OutboxMail.state, func.count()).group_by(OutboxMail.state))
    by_state = {row[0]: int(row[1]) for row in counted}
    late = and_(OutboxMail.state == "queued", OutboxMail.not_before <= now, is_mail())
    due, oldest = session.execute(select(func.count(), func.min(OutboxMail.not_before)).where(late)).one()
    rows = session.execute(
        select(OutboxMail.id, OutboxMail.section, OutboxMail.kind, OutboxMail.attempts, OutboxMail.last_error)
        .where(OutboxMail.last_error.is_not(None), OutboxMail.state.in_(("queued", "failed")))
        .order_by(OutboxMail.id.desc())
        .limit(failures)
    )
    return OutboxStatus(
        by_state.get("queued", 0),
        due,
        by_state.get("failed", 0),
        by_state.get("sent", 0),
        by_state.get("dropped", 0),
        max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        tuple(dict(row) for row in rows.mappings()),
    )
