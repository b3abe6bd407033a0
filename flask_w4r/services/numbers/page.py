"""All numbers of one edition as the desk sees them. What is assembled is kept for a while: it looks at many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from ...models import Edition
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..campaign import catalogue
from ..moderation.overview_kept import Kept, Stamp
from ..people.permissions import require
from ..rollup.figures import Figures, figures, find_edition
from ..tally import totals as tally
from . import funnel
from .cases import CaseLine, EditionLine, by_case, by_edition
from .days import ActionDay, EventLine, by_day, by_event, types_of
from .towns import Town, lacking

#: What one process read holds so long.
KEPT = timedelta(minutes=10)
#: The longest campaign that is shown day by day.
MOST_DAYS = 200


@dataclass(frozen=True)
class Numbers:
    """The numbers of an edition at one moment.

    :ivar first: the first day shown, ``last`` the last: of the edition, up to today.
    :ivar action_days: all actions of the edition, whenever they were done; and those of ``events`` that reports tell of.
    :ivar towns: where events lack; of the current edition alone.
    """

    edition: str
    edition_id: int
    titles: Mapping[str, str]
    as_of: datetime
    first: date
    last: date
    days: Sequence[funnel.Day]
    action_days: Sequence[ActionDay]
    events: Sequence[EventLine]
    sources: Sequence[funnel.Source]
    providers: Sequence[funnel.Provider]
    cases: Sequence[CaseLine]
    editions: Sequence[EditionLine]
    towns: Sequence[Town]
    is_current: bool
    figures: Figures

    @property
    def has_days(self) -> bool:
        """Whether anything is known day by day: hours are kept for a year and a bit."""
        return any(day.arrived for day in self.days)

    @property
    def day_types(self) -> Sequence[tuple[str, int]]:
        """The types of all days, with their sums: the columns of a table."""
        return types_of(self.action_days)

    @property
    def event_types(self) -> Sequence[tuple[str, int]]:
        """The types of all events, with their sums."""
        return types_of(self.events)

    def total(self, name: str) -> int:
        """One number of the funnel over all days."""
        return funnel.total(self.days, name)


def numbers(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    year: str | None,
    *,
    now: datetime,
    kept: Kept | None = None,
) -> Numbers:
    """Read the numbers of an edition, or take those that this process read within ten minutes.

    :param year: which edition; ``None`` for the current.
    :raises PermissionDenied: the actor may not see the queue here.
    :raises NotFound: there is no such edition.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    key = (section.code, year)
    before: Numbers | None = kept.peek(key) if kept is not None else None
    if before is not None and timedelta(0) <= now - before.as_of < KEPT:
        return before
    found = read_numbers(session, section, year, now=now)
    if kept is not None:
        kept.put(key, Stamp(None, None, None, None, None), now, found)
    return found


def read_numbers(
    session: Session, section: Section, year: str | None, *, now: datetime, final: bool | None = None
) -> Numbers:
    """Read the numbers of an edition anew.

    :param final: see :func:`~flask_w4r.services.rollup.figures.figures`.
    :raises NotFound: there is no such edition.
    """
    edition, is_current = find_edition(session, section, year, now)
    first, last = _span(section, edition, is_current, now)
    return Numbers(
        edition.year, edition.id, edition.titles, now, first, last,
        funnel.by_day(session, section, first, last),
        by_day(session, section, edition.id),
        by_event(session, section, edition.id),
        funnel.by_source(session, section, first, last),
        funnel.by_provider(session, section, first, last),
        by_case(session, section, edition.id, tally.counts(session, section, edition.id, now), now),
        by_edition(session, section),
        lacking(session, section, now) if is_current else [],
        is_current, figures(session, section, edition.year, now=now, final=final),
    )  # fmt: skip


def _span(section: Section, edition: Edition, is_current: bool, now: datetime) -> tuple[date, date]:
    first, last = catalogue.window(section, edition, current=is_current)
    last = max(first, min(last, catalogue.local_date(section, now)))
    return max(first, last - timedelta(days=MOST_DAYS - 1)), last
