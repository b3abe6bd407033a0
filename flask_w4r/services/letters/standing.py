"""Whether people may write for a case now, and why not."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import gettext, long_date
from ...models import Event, EventCase
from ..campaign import catalogue
from ..campaign.views import CaseView, Lens
from ..campaign.ways import closed_by_kit
from .sheet import Sheet, sheet_of, why_no_letter


def over(case: CaseView) -> str | None:
    """Why nothing is to be printed for a case any more: a sheet that somebody has is out of date.

    :returns: ``None`` while it is open, or is going to be.
    """
    if case.status == "freed":
        return gettext("Good news: letters for %(name)s are no longer needed.", name=case.name)
    if case.status == "closed":
        return gettext("This case is closed: please send no more letters.")
    if case.edition.phase in ("after", "archive"):
        return gettext(
            "This edition ended on %(date)s: please send no more letters.", date=long_date(case.edition.ends_on)
        )
    return None


def why_not(case: CaseView, lens: Lens, way: str = "letter", *, ahead: bool = False) -> str | None:
    """Why a paper of a case is not to be had.

    :param way: what the paper is for, of ``topics.WAYS``.
    :param ahead: before the edition begins, too: for whoever prepares an event.
    """
    if found := over(case):
        return found
    if case.edition.phase == "before" and not ahead:
        return gettext("Letters can be written from %(date)s.", date=long_date(case.edition.starts_on))
    closed = closed_by_kit(case, way) or (why_no_letter(case, lens.section) if way == "letter" else None)
    return None if closed is None else str(closed)


def open_sheets(session: Session, lens: Lens, slugs: Collection[str] = ()) -> Sequence[Sheet]:
    """The sheets of the current edition's open cases, in its order; of those named, where any is.

    :raises NotFound: there is no edition, or none of those named is in it.
    """
    edition = catalogue.current_edition(session, lens)
    if edition is None:
        raise NotFound("edition")
    cases = catalogue.cases_of(session, lens, edition)
    if slugs and not {case.slug for case in cases} & set(slugs):
        raise NotFound("cases")
    return [sheet_of(case, lens) for case in cases if (not slugs or case.slug in slugs) and why_not(case, lens) is None]


def event_sheets(session: Session, lens: Lens, event_id: int) -> Sequence[Sheet]:
    """The sheets of the cases that an event writes for; of all open ones where it names none.

    They may be printed before the edition begins.
    """
    ids = session.scalars(select(EventCase.case_id).where(EventCase.event_id == event_id)).all()
    if ids:
        cases = catalogue.cases_by_id(session, lens, ids)
    else:
        edition = catalogue.current_edition(session, lens)
        cases = catalogue.cases_of(session, lens, edition) if edition else []
    return [sheet_of(case, lens) for case in cases if why_not(case, lens, ahead=True) is None]


def find_event(session: Session, lens: Lens, event_id: int) -> Event:
    """The event that papers are printed for.

    :raises NotFound: the section has none of that number.
    """
    found = session.get(Event, event_id)
    if found is None or found.section != lens.section.code:
        raise NotFound("event")
    return found
