"""Which reports count, and what they add to the tally. A number is added where a report begins to count, and taken away where
it ceases to, in the transaction that changes the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Case, Report
from ...sections import Section
from ..tally import counts as tally
from ..tally.keys import Key

#: What is written on paper and counted at an event, by the types of the tally.
ON_PAPER = ("letter", "card", "petition_paper")
#: What anybody may report.
COUNTED = (*ON_PAPER, "email", "social_post", "other")
#: More of a thing in one report is a slip of the finger.
MOST = 100_000


def counted(report: Report) -> Mapping[int, Mapping[str, int]]:
    """What of a report counts: numbers above nought of known types, by the case's id."""
    found = {
        int(case): {kind: int(numbers[kind]) for kind in COUNTED if (numbers.get(kind) or 0) > 0}
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
    hosted = told_by_hosts(reports)
    for report in reports:
        if should_count(report, hosted):
            sums.update(keys_of(section, report))
    return sums


def told_by_hosts(reports: Iterable[Report]) -> set[int | None]:
    """The events whose hosts' reports are among some."""
    return {report.event_id for report in reports if report.role == "host"}


def should_count(report: Report, hosted: Collection[int | None]) -> bool:
    """Whether an approved report's numbers belong into the tally: what its event's host told is not added a second time.

    :param hosted: the events whose hosts' reports are approved.
    """
    return report.event_id is None or report.role == "host" or report.event_id not in hosted


def settle(session: Session, section: Section, reports: Sequence[Report]) -> None:
    """Bring the tally up to some reports whose state has changed, and up to others about the same events.

    :param reports: locked.
    """
    events = sorted({report.event_id for report in reports if report.event_id is not None})
    session.flush()
    related = {report.id: report for report in reports}
    if events:
        # In the order of ids, as every other writer locks them.
        about = select(Report).where(Report.section == section.code, Report.event_id.in_(events)).order_by(Report.id)
        related |= {
            row.id: row for row in session.scalars(about.with_for_update().execution_options(populate_existing=True))
        }
    hosted = told_by_hosts(report for report in related.values() if report.state == "approved")
    changes: Counter[Key] = Counter()
    for _, report in sorted(related.items()):
        wanted = report.state == "approved" and should_count(report, hosted)
        if wanted != report.is_counted:
            report.is_counted = wanted
            (changes.update if wanted else changes.subtract)(keys_of(section, report))
    _change(session, section, changes)
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
    _change(session, section, changes)


def _change(session: Session, section: Section, changes: Mapping[Key, int]) -> None:
    cases = {key.case_id for key in changes}
    found = select(Case.id, Case.edition_id).where(Case.section == section.code, Case.id.in_(cases))
    editions = dict(session.execute(found).all()) if cases else {}
    for edition_id in sorted(set(editions.values())):
        mine = {key: number for key, number in changes.items() if editions.get(key.case_id) == edition_id}
        tally.add_all(session, section, edition_id, mine)
