"""What a host says was written at an event. The desk looks at it, and only then it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import EventReport
from ...sections import Section
from ..rsvps.seats import lock_event
from . import lifecycle
from .lifecycle import Done
from .report_counts import COUNTED

#: More of a thing at one event is a slip of the finger.
MOST = 100_000


def find(session: Session, event_id: int) -> EventReport | None:
    """The report of an event, or ``None``."""
    return session.scalars(select(EventReport).where(EventReport.event_id == event_id)).first()


def submit(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    people: int,
    counts: Mapping[int, Mapping[str, int]],
    note: str,
    *,
    now: datetime,
) -> Done:
    """The host reports, or mends a report that the desk has not approved yet.

    :param counts: by case and by what was written (:data:`COUNTED`); only cases of the event are kept.
    :returns: ``reported``; ``already`` where the report counts; ``gone`` where the event has not begun, or never took
        place.
    :raises BadValue: a number is below nought or above :data:`MOST`.
    """
    insist(0 <= people <= MOST, "people", f"be from 0 to {MOST}")
    good = all(0 <= number <= MOST for numbers in counts.values() for number in numbers.values())
    insist(good, "counts", f"be from 0 to {MOST}")
    event = lock_event(session, section, event_id)
    if event is None or event.state not in ("published", "over") or event.starts_at > now:
        return Done(event_id, "gone")
    known = set(lifecycle.case_ids(session, event_id))
    kept = {
        str(case_id): {name: counts[case_id][name] for name in COUNTED if counts[case_id].get(name)}
        for case_id in sorted(counts)
        if case_id in known
    }
    kept = {case_id: numbers for case_id, numbers in kept.items() if numbers}
    sealed = keyring.seal(note) if note else None
    # The event is locked, so nobody else writes its report now.
    report = session.scalars(
        select(EventReport)
        .where(EventReport.event_id == event_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if report is not None and report.state == "approved":
        return Done(event_id, "already")
    if report is None:
        report = EventReport(section=section.code, event_id=event_id, version=0, created_at=now)
        session.add(report)
    report.state, report.people, report.counts, report.note = "submitted", people, kept, sealed
    report.held_at = report.updated_at = now
    report.version += 1
    session.flush()
    return Done(event_id, "reported")
