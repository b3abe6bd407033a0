"""Which reports count, and what they add to the tally. A number is added where a report begins to count, and taken away where
it ceases to, in the transaction that changes the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import STANDARD, in_order, reported_types
from ...models import Report
from ...sections import Section
from ..tally import counts as tally
from ..tally.keys import Key

#: What is written on paper and counted at an event, by the types of the tally.
_ON_PAPER = ("letter", "card", "solidarity_card", "petition_paper")
#: More of a thing in one report is a slip of the finger.
MOST = 100_000


def asked_first(section: Section) -> tuple[str, ...]:
    """What whoever reports is asked for first: what is written on paper, and the section's own types."""
    return tuple(name for name in reported_types(section) if name in _ON_PAPER or name not in STANDARD)


def counted(report: Report) -> Mapping[int, Mapping[str, int]]:
    """What of a report counts: numbers above nought, by the case's id.

    Types were checked when it was written down. One that the section has taken out of ``action_types`` since goes on counting.
    """
    found = {
        int(case): {kind: int(numbers[kind]) for kind in in_order(numbers) if (numbers[kind] or 0) > 0}
        for case, numbers in report.counts.items()
    }
    return {case_id: numbers for case_id, numbers in found.items() if numbers}


def kept_counts(counts: Mapping[int, Mapping[str, int]], cases: Iterable[int]) -> dict[str, dict[str, int]]:
    """Numbers as a report stores them, of these cases alone."""
    known = set(cases)
    found = {
        str(case_id): {kind: int(counts[case_id][kind]) for kind in sorted(counts[case_id]) if counts[case_id][kind]}
        for case_id in sorted(counts)
        if case_id in known
    }
    return {case_id: numbers for case_id, numbers in found.items() if numbers}


def keys_of(section: Section, report: Report) -> dict[Key, int]:
    """What a report counts as: on the day that it tells of, else on the day that it was sent."""
    day = report.on_date or section.local_date(report.created_at)
    return {
        Key(case_id, kind, report.source, report.status, day): number
        for case_id, numbers in counted(report).items()
        for kind, number in numbers.items()
    }


def approved(session: Session, section: Section) -> Mapping[Key, int]:
    """What the section's reports that count add up to: for a recount."""
    sums: Counter[Key] = Counter()
    wanted = select(Report).where(Report.section == section.code, Report.state == "approved")
    reports = session.scalars(wanted.order_by(Report.id)).all()
    hosted, newest = told_by_hosts(reports), newest_of_schools(reports)
    for report in reports:
        if should_count(report, hosted, newest):
            sums.update(keys_of(section, report))
    return sums


def told_by_hosts(reports: Iterable[Report]) -> set[int | None]:
    """The events whose hosts' reports are among some."""
    return {report.event_id for report in reports if report.role == "host"}


def newest_of_schools(reports: Iterable[Report]) -> dict[int, int]:
    """By school its newest report among some."""
    found: dict[int, int] = {}
    for report in reports:
        if report.school_id is not None:
            found[report.school_id] = max(report.id, found.get(report.school_id, 0))
    return found


def should_count(report: Report, hosted: Collection[int | None], newest: Mapping[int, int]) -> bool:
    """Whether an approved report's numbers belong into the tally: what its event's host told is not added a second time, and
    of a school, whose report tells all that was done there until then, the newest counts.

    :param hosted: the events whose hosts' reports are approved.
    :param newest: by school the newest report that is approved.
    """
    if report.school_id is not None:
        return newest.get(report.school_id) == report.id
    return report.event_id is None or report.role == "host" or report.event_id not in hosted


def settle(session: Session, section: Section, reports: Sequence[Report]) -> None:
    """Bring the tally up to some reports whose state has changed, and up to others about the same events and schools.

    :param reports: locked.
    """
    events = sorted({report.event_id for report in reports if report.event_id is not None})
    schools = sorted({report.school_id for report in reports if report.school_id is not None})
    session.flush()
    related = {report.id: report for report in reports}
    # In the order of ids, as every other writer locks them.
    for column, numbers in ((Report.event_id, events), (Report.school_id, schools)):
        about = select(Report).where(Report.section == section.code, column.in_(numbers)).order_by(Report.id)
        if numbers:
            about = about.with_for_update().execution_options(populate_existing=True)
            related |= {row.id: row for row in session.scalars(about)}
    approved = [report for report in related.values() if report.state == "approved"]
    hosted, newest = told_by_hosts(approved), newest_of_schools(approved)
    changes: Counter[Key] = Counter()
    for _, report in sorted(related.items()):
        wanted = report.state == "approved" and should_count(report, hosted, newest)
        if wanted != report.is_counted:
            report.is_counted = wanted
            (changes.update if wanted else changes.subtract)(keys_of(section, report))
    tally.change(session, section, changes)
    session.flush()


def change_status(session: Session, section: Section, report: Report, status: str) -> None:
    """Say something else of a report's numbers; where they count, they count as that.

    :param report: locked.
    :param status: one of ``models.tally.STATUSES``.
    """
    changes: Counter[Key] = Counter()
    if report.is_counted:
        changes.subtract(keys_of(section, report))
    report.status = status
    if report.is_counted:
        changes.update(keys_of(section, report))
    tally.change(session, section, changes)
