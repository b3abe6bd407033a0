"""What is to be done before an edition opens: what each of its cases lacks, by way to act and language."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Case, CaseText
from ...seam import Way
from ...state import Actor, Hooks, Permission
from ...topics import WAYS
from ..kits.lacking import VERIFIED_DAYS, CaseFacts, Lack, lacking
from ..people.permissions import require
from . import catalogue
from .views import EditionView, Lens

#: Editions that are over have nothing to be made ready.
_AHEAD = frozenset({"before", "running"})


@dataclass(frozen=True)
class CaseLacks:
    """A case with what it lacks."""

    id: int
    slug: str
    name: str
    country: str
    lacks: Sequence[Lack]


@dataclass(frozen=True)
class EditionLacks:
    """An edition with those of its cases that lack something.

    :param cases: those cases.
    :param whole: how many cases lack nothing.
    """

    edition: EditionView
    cases: Sequence[CaseLacks]
    whole: int

    @property
    def count(self) -> int:
        """How many things are to be done."""
        return sum(len(case.lacks) for case in self.cases)


def ways_here(ways: Iterable[Way], features: Collection[str]) -> list[str]:
    """The ways that kits know, without those of parts that the site does not have.

    :param ways: the seam's.
    :param features: the parts that the site has.
    """
    off = {way.name for way in ways if way.feature is not None and way.feature not in features}
    return [name for name in WAYS if name not in off]


def every_lack(
    session: Session, lens: Lens, *, ways: Collection[str] = tuple(WAYS), days: int = VERIFIED_DAYS
) -> list[tuple[EditionView, list[CaseLacks]]]:
    """What the active cases of editions that run or are to come lack, in each of the section's languages.

    :param ways: see :func:`ways_here`.
    :param days: an address must have been checked within so many days.
    """
    section = lens.section
    editions = [edition for edition in catalogue.editions(session, lens) if edition.phase in _AHEAD]
    cases = session.scalars(
        select(Case)
        .where(Case.section == section.code, Case.edition_id.in_([edition.id for edition in editions]))
        .where(Case.status == "active")
        .order_by(Case.position, Case.name)
    ).all()
    texts: dict[int, dict[str, dict[str, str]]] = {case.id: {} for case in cases}
    for row in session.scalars(select(CaseText).where(CaseText.case_id.in_(list(texts)))):
        texts[row.case_id].setdefault(row.locale, {})[row.field] = row.shown
    # Nobody writes to an embassy of the section's own country.
    embassies = {code: one["verified_on"] for code, one in section.embassy_addresses.items()} | {section.country: None}
    today = catalogue.local_date(section, lens.now)

    def lacks(case: Case) -> CaseLacks:
        facts = CaseFacts(
            case.slug, case.country, case.status, case.target, case.targets or (), case.solidarity, case.ways,
            texts[case.id],
        )  # fmt: skip
        found = lacking(facts, section.locales, today=today, days=days, embassies=embassies, ways=ways)
        return CaseLacks(case.id, case.slug, case.name, case.country, found)

    return [(edition, [lacks(case) for case in cases if case.edition_id == edition.id]) for edition in editions]


def ready(
    session: Session, hooks: Hooks, actor: Actor | None, lens: Lens, *, ways: Collection[str] = tuple(WAYS)
) -> list[EditionLacks]:
    """The same as the desk lists it.

    :param ways: see :func:`ways_here`.
    :raises PermissionDenied: the actor may not edit cases here.
    """
    require(hooks, actor, Permission.EDIT_CASES, lens.section)
    found = []
    for edition, looked in every_lack(session, lens, ways=ways):
        missing = [case for case in looked if case.lacks]
        found.append(EditionLacks(edition, missing, len(looked) - len(missing)))
    return found
