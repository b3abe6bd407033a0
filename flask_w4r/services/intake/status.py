"""How the intake stands, and what staff do about rows that were set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ...models import Intake
from ...seam import Finding
from ...state import W4RState
from ..storage.rows import execute
from ..storage.unit_of_work import read

#: Seconds after which a row that waits means that no worker runs.
LATE = 300


@dataclass(frozen=True)
class IntakeStatus:
    """How the intake stands. ``oldest_age`` is in seconds; ``problems``: the reasons of rows set aside, with how many."""

    waiting: int
    oldest_age: float
    set_aside: int
    problems: Sequence[tuple[str, str, int]] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            **asdict(self),
            "problems": [{"kind": kind, "problem": text, "rows": rows} for kind, text, rows in self.problems],
        }


def intake_status(session: Session, *, now: datetime) -> IntakeStatus:
    """Count the intake, without any personal data."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(Intake.received_at)).where(Intake.set_aside_at.is_(None))
    ).one()
    aside = session.execute(
        select(Intake.kind, Intake.problem, func.count())
        .where(Intake.set_aside_at.is_not(None))
        .group_by(Intake.kind, Intake.problem)
        .order_by(Intake.kind, Intake.problem)
    ).all()
    problems = tuple((row[0], row[1] or "", int(row[2])) for row in aside)
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return IntakeStatus(int(waiting), age, sum(rows for _, _, rows in problems), problems)


def retry(session: Session) -> int:
    """Have what was set aside looked at again. Returns how many rows there were."""
    aside = update(Intake).where(Intake.set_aside_at.is_not(None))
    return execute(session, aside.values(set_aside_at=None, problem=None))


def purge(session: Session, *, before: datetime) -> int:
    """Delete rows that were set aside before a moment. Returns how many went."""
    return execute(session, delete(Intake).where(Intake.set_aside_at < before))


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    status = read(app, lambda session: intake_status(session, now=state.clock()))
    if status.set_aside:
        yield Finding("error", "intake", f"{status.set_aside} rows are set aside; see 'flask w4r intake status'")
    if status.oldest_age > LATE:
        yield Finding(
            "error",
            "intake",
            f"{status.waiting} forms wait, the oldest for {status.oldest_age:.0f} s; start 'flask w4r jobs run'",
        )
    else:
        yield Finding("ok", "intake", "no form waits long")
