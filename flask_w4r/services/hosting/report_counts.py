"""What hosts' reports add to the counts, once the desk approved them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import EventReport
from ...sections import Section

#: What is written at events, by the types of the tally.
COUNTED = ("letter", "card", "paper_signature")


def counted(report: EventReport) -> Mapping[int, Mapping[str, int]]:
    """What of a report counts: numbers above nought of known types, by the case's id."""
    found = {}
    for case_id, numbers in report.counts.items():
        good = {kind: int(numbers.get(kind) or 0) for kind in COUNTED}
        if any(number > 0 for number in good.values()):
            found[int(case_id)] = {kind: number for kind, number in good.items() if number > 0}
    return found


def approved(session: Session, section: Section) -> dict[int, dict[str, int]]:
    """What the section's approved reports add up to: numbers by case id and type."""
    sums: dict[int, dict[str, int]] = {}
    wanted = select(EventReport).where(EventReport.section == section.code, EventReport.state == "approved")
    for report in session.scalars(wanted).yield_per(500):
        for case_id, numbers in counted(report).items():
            of_case = sums.setdefault(case_id, {})
            for kind, number in numbers.items():
                of_case[kind] = of_case.get(kind, 0) + number
    return sums
