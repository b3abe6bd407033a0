"""How the intake stands, and what staff do about rows that were set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...models import Intake
from ...seam import Finding
from ...sections import Section
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


def intake_status(session: Session, *, now: datetime, section: Section | None = None) -> IntakeStatus:
    """Count the intake, without any personal data.

    :param section: only what was sent to it; default: all.
    """
    ours = (Intake.section == section.code,) if section is not None else ()
    rows = session.execute(
        select(
            Intake.set_aside_at.is_not(None), Intake.kind, Intake.problem, func.count(), func.min(Intake.received_at)
        )
        .where(*ours)
        .group_by(Intake.set_aside_at.is_not(None), Intake.kind, Intake.problem)
        .order_by(Intake.kind, Intake.problem)
    ).all()
    waiting = [(int(number), oldest) for aside, _, _, number, oldest in rows if not aside]
    problems = tuple((kind, problem or "", int(number)) for aside, kind, problem, number, _ in rows if aside)
    age = max((max(0.0, (now - oldest).total_seconds()) for _, oldest in waiting), default=0.0)
    return IntakeStatus(sum(number for number, _ in waiting), age, sum(number for _, _, number in problems), problems)


def retry(session: Session) -> int:
    """Have what was set aside looked at again. Returns how many rows there were."""
    aside = update(Intake).where(Intake.set_aside_at.is_not(None))
    return execute(session, aside.values(set_aside_at=None, problem=None))


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    status = read(app, lambda session: intake_status(session, now=state.clock()))
    if status.set_aside:
        yield Finding("error", "intake", f"{status.set_aside} rows are set aside; see 'flask w4r intake status'")
    if status.oldest_age > LATE:
        yield Finding(
            "error",
            "intake",
            f"{status.waiting} forms are waiting, the oldest for {status.oldest_age:.0f} s; start 'flask w4r jobs run'",
        )
    else:
        yield Finding("ok", "intake", "no form has been waiting long")
