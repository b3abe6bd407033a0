"""What a host says was written at an event. The desk looks at it, and only then it counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import Event, Report
from ...sections import Section
from .counting import MOST, kept_counts
from .plausible import reasons_for


def find(session: Session, event_id: int) -> Report | None:
    """The host's report of an event, or ``None``."""
    return session.scalars(select(Report).where(Report.hosted_id == event_id)).first()


def submit(
    session: Session,
    keyring: Keyring,
    section: Section,
    event: Event | None,
    cases: Collection[int],
    people: int,
    counts: Mapping[int, Mapping[str, int]],
    note: str,
    *,
    now: datetime,
) -> str:
    """The host reports, or mends a report that the desk has not approved yet.

    :param event: locked, so that nobody else writes its report now.
    :param cases: the event's; of others nothing is kept.
    :param counts: by case and by what was written.
    :returns: ``reported``; ``already`` where the report counts; ``gone`` where the event has not begun, or never took
        place.
    :raises BadValue: a number is below nought or above ``counting.MOST``.
    """
    insist(0 <= people <= MOST, "people", f"be from 0 to {MOST}")
    good = all(0 <= number <= MOST for numbers in counts.values() for number in numbers.values())
    insist(good, "counts", f"be from 0 to {MOST}")
    if event is None or event.state not in ("published", "over") or event.starts_at > now:
        return "gone"
    report = session.scalars(
        select(Report).where(Report.hosted_id == event.id).with_for_update().execution_options(populate_existing=True)
    ).first()
    if report is not None and report.state == "approved":
        return "already"
    if report is None:
        report = Report(
            section=section.code, role="host", event_id=event.id, hosted_id=event.id, source="self_reported",
            status="interim", is_counted=False, version=0, created_at=now,
        )  # fmt: skip
        session.add(report)
    report.state, report.people, report.counts = "submitted", people, kept_counts(counts, cases)
    report.note = keyring.seal(note) if note else None
    report.reasons = reasons_for(people, report.counts)
    report.held_at = report.updated_at = now
    report.version += 1
    session.flush()
    return "reported"
