"""Which case lags, and how editions compare."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...action_types import SIGNATURE
from ...models import Case, Edition, Pulse, TallySlot
from ...sections import Section
from ..moderation.pulse import hour_of
from ..tally.few import told
from ..tally.keys import PEOPLE, WHOLE_EDITION
from ..tally.totals import Counts
from ..tally.views import share_of

#: "Lately" is so many days.
LATELY = 7
#: A case lags whose new signatures are below this share of the edition's median.
LAGS_BELOW = 0.5


@dataclass(frozen=True)
class CaseLine:
    """How one case stands beside the others of its edition.

    :ivar goal: of signatures, and ``goals`` of others by type of action.
    :ivar percent: of its goal; ``None``: it has none.
    :ivar lately: signatures that arrived in the last days and count; ``None``: a few.
    :ivar usual: the median of that over the edition's active cases; ``None``: of a few.
    :ivar lags: it is active, and gets far fewer signatures than the others.
    """

    slug: str
    name: str
    status: str
    signatures: int
    actions: int
    goal: int | None
    percent: int | None
    lately: int | None
    usual: float | None
    lags: bool
    goals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class EditionLine:
    """The section's own numbers of one edition.

    :ivar types: its actions by type; signatures are among them.
    """

    year: str
    titles: Mapping[str, str]
    people: int
    types: Mapping[str, int]

    @property
    def actions(self) -> int:
        """All of them."""
        return sum(self.types.values())

    @property
    def signatures(self) -> int:
        """Those that count."""
        return self.types.get(SIGNATURE, 0)


def by_case(session: Session, section: Section, edition_id: int, counts: Counts, now: datetime) -> list[CaseLine]:
    """The cases of an edition, those that lag first, then by their new signatures; withdrawn ones are left out."""
    rows = session.execute(
        select(Case.id, Case.slug, Case.name, Case.status, Case.goal, Case.goals)
        .where(Case.edition_id == edition_id, Case.section == section.code, Case.status != "withdrawn")
        .order_by(Case.position, Case.slug)
    ).all()
    since = hour_of(now) - timedelta(days=LATELY)
    lately = {
        case_id: int(number)
        for case_id, number in session.execute(
            select(Pulse.case_id, func.sum(Pulse.count))
            .where(
                Pulse.section == section.code, Pulse.hour >= since, Pulse.metric == "confirmed",
                Pulse.case_id.in_([row.id for row in rows]),
            )
            .group_by(Pulse.case_id)
        )
    }  # fmt: skip
    usual = float(median([lately.get(row.id, 0) for row in rows if row.status == "active"] or [0]))
    lagging = {row.id for row in rows if row.status == "active" and lately.get(row.id, 0) < LAGS_BELOW * usual}
    lines = []
    for row in sorted(rows, key=lambda row: (row.id not in lagging, row.status != "active", lately.get(row.id, 0))):
        seen = counts.cases.get(row.id, {})
        signed = seen.get(SIGNATURE, 0)
        lines.append(
            CaseLine(
                row.slug, row.name, row.status, signed, sum(seen.values()), row.goal,
                share_of(signed, row.goal) if row.goal else None, told(lately.get(row.id, 0)),
                None if told(math.ceil(usual)) is None else usual, row.id in lagging, row.goals or {},
            )
        )  # fmt: skip
    return lines


def by_edition(session: Session, section: Section) -> list[EditionLine]:
    """All editions of the section, the newest first, as their pages count them: without withdrawn cases."""
    editions: Sequence[Edition] = session.scalars(
        select(Edition).where(Edition.section == section.code).order_by(Edition.starts_on.desc(), Edition.year.desc())
    ).all()
    withdrawn = select(Case.id).where(Case.section == section.code, Case.status == "withdrawn")
    kind = (TallySlot.edition_id, TallySlot.case_id == WHOLE_EDITION, TallySlot.action_type)
    sums: dict[int, dict[tuple[bool, str], int]] = defaultdict(dict)
    for number, whole, name, count in session.execute(
        select(*kind, func.sum(TallySlot.count))
        .where(TallySlot.section == section.code, TallySlot.case_id.not_in(withdrawn))
        .group_by(*kind)
    ):
        sums[number][bool(whole), name] = int(count)
    return [
        EditionLine(
            row.year, row.titles, sums[row.id].get((True, PEOPLE), 0),
            {name: count for (whole, name), count in sorted(sums[row.id].items()) if not whole and count},
        )
        for row in editions
    ]  # fmt: skip
