"""Which targets have as many emails as a section sends them: those that left, and those that are confirmed and wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...models import TargetEmail
from ...sections.emails import EmailRules
from .targets import Target

#: One process counts a case's emails so often at most: its form asks each time it is opened.
KEPT = timedelta(minutes=1)
#: What a process counted last, by case: when, and how many by target.
Counted = dict[int, tuple[datetime, Mapping[str, int]]]


def still_written_to(
    session: Session, case_id: int, targets: Sequence[Target], rules: EmailRules, *, kept: Counted, now: datetime
) -> list[Target]:
    """Those of a case's targets for whom another email can leave yet.

    :param kept: what this process counted before.
    """
    if rules.mode != "send":
        return list(targets)
    at, counts = kept.get(case_id, (None, {}))
    if at is None or not timedelta(0) <= now - at < KEPT:
        counts = _counts(session, case_id)
        kept[case_id] = (now, counts)
    return [one for one in targets if counts.get(one.key, 0) < rules.in_all]


def _counts(session: Session, case_id: int) -> Mapping[str, int]:
    rows = session.execute(
        select(TargetEmail.target_key, func.count())
        .where(
            TargetEmail.case_id == case_id, (TargetEmail.leaves_at.is_not(None)) | (TargetEmail.state == "confirmed")
        )
        .group_by(TargetEmail.target_key)
    )
    return {key: int(number) for key, number in rows}
