"""Deliveries as people see them: what was handed over, where and when. No name is in any of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, NotFound
from ...models import Case, Delivery, Edition
from ...sections import Section
from ..campaign.catalogue import cases_by_id
from ..campaign.views import CaseView, Lens
from ..tally.few import FEW
from .claim import find, waiting_counts
from .papers import by_country


@dataclass(frozen=True)
class DeliveryView:
    """One delivery that was handed over, or refused.

    :ivar countries: names and counts, the most first; those with few signatures are ``elsewhere``.
    """

    id: str
    case: CaseView
    recipients: Sequence[str]
    on: date
    at: datetime
    outcome: str
    note: str
    count: int
    withheld: int
    countries: Sequence[tuple[str, int]]
    elsewhere: int
    root: str
    digest: str
    url: str


def _view(lens: Lens, row: Delivery, case: CaseView) -> DeliveryView:
    many: Mapping[str, int] = {code: count for code, count in row.countries.items() if count >= FEW}
    assert row.handed_over_on is not None
    assert row.handed_over_at is not None
    return DeliveryView(
        row.public_id, case, tuple(row.recipients), row.handed_over_on, row.handed_over_at, row.outcome or "met",
        row.note or "", row.count, row.withheld, by_country(many), sum(row.countries.values()) - sum(many.values()),
        row.root or "", row.digest or "", lens.link("delivery", id=row.public_id),
    )  # fmt: skip


def all_of(session: Session, lens: Lens) -> list[DeliveryView]:
    """Every delivery of the section that was handed over, newest first, without those of withdrawn cases."""
    return _views(session, lens)


def of_case(session: Session, lens: Lens, case: CaseView) -> list[DeliveryView]:
    """What was handed over of one case, newest first."""
    return _views(session, lens, Delivery.case_id == case.id)


def _views(session: Session, lens: Lens, *among: object) -> list[DeliveryView]:
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.section == lens.section.code, Delivery.state == "handed_over", *among)  # type: ignore[arg-type]
        .order_by(Delivery.handed_over_on.desc(), Delivery.id.desc())
    ).all()
    cases = {case.id: case for case in cases_by_id(session, lens, {row.case_id for row in rows})} if rows else {}
    return [_view(lens, row, cases[row.case_id]) for row in rows if row.case_id in cases]


def one(session: Session, lens: Lens, public_id: str) -> DeliveryView:
    """A delivery that was handed over.

    :raises NotFound: there is none of that name.
    :raises CaseWithdrawn: its case was withdrawn.
    """
    row = find(session, lens.section, public_id)
    if row.state != "handed_over":
        raise NotFound(public_id)
    cases = cases_by_id(session, lens, [row.case_id])
    if not cases:
        raise CaseWithdrawn(public_id)
    return _view(lens, row, cases[0])


def urls(session: Session, section: Section, slug: str, absolute: Callable[..., str | None]) -> Iterable[str | None]:
    """The public pages that say what was handed over of a case; see ``seam.Capability``."""
    ids = session.scalars(
        select(Delivery.public_id)
        .join(Case, Case.id == Delivery.case_id)
        .where(Delivery.section == section.code, Delivery.state == "handed_over", Case.slug == slug)
        .order_by(Delivery.id)
    ).all()
    for locale in section.locales if ids else ():
        yield absolute("deliveries", locale=locale)
        for public_id in ids:
            yield absolute("delivery", locale=locale, id=public_id)


@dataclass(frozen=True)
class StaffRow:
    """A delivery as those see it who make it."""

    row: Delivery
    case_slug: str
    case_name: str
    withdrawn: bool


@dataclass(frozen=True)
class Ready:
    """A case that has signatures to deliver."""

    case_id: int
    name: str
    edition: str
    count: int


def ready(session: Session, section: Section) -> list[Ready]:
    """The cases of a section that have signatures to deliver, newest edition first."""
    cases = session.execute(
        select(Case.id, Case.name, Edition.year)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.status != "withdrawn")
        .order_by(Edition.starts_on.desc(), Case.position)
    ).all()
    counts = waiting_counts(session, section, [row.id for row in cases])
    return [Ready(row.id, row.name, row.year, counts[row.id]) for row in cases if row.id in counts]


def for_staff(session: Session, section: Section, public_id: str | None = None) -> list[StaffRow]:
    """All deliveries of a section, newest first; or the one of that name.

    :raises NotFound: there is none of that name.
    """
    query = (
        select(Delivery, Case.slug, Case.name, Case.status)
        .join(Case, Case.id == Delivery.case_id)
        .where(Delivery.section == section.code)
        .order_by(Delivery.id.desc())
    )
    rows = session.execute(query if public_id is None else query.where(Delivery.public_id == public_id)).all()
    if public_id is not None and not rows:
        raise NotFound(public_id)
    return [StaffRow(row, slug, name, status == "withdrawn") for row, slug, name, status in rows]
