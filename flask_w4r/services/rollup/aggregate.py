"""A section's own numbers, signed: what it hands to the centre, and serves to whoever asks."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import STANDARD, types_of
from ...models import SignedDocument
from ...sections import Section
from ..storage.upsert import insert_ignore
from ..tally.few import FEW
from .documents import OTHER, WHOLE, write_moment
from .figures import Figures, find_edition
from .figures import figures as read_figures
from .signing import sign

KIND = "tally"
#: Days after which nobody should take a file any more.
DAYS = 14
#: What is served is signed anew where numbers changed, and at least so often, so that it does not grow old.
RENEWED = timedelta(days=1)


def coarse(cells: Mapping[tuple[str, str], int], types: Collection[str] = tuple(STANDARD)) -> list[dict[str, Any]]:
    """The cells of a table without small groups; the sum stays.

    What is below :data:`FEW` goes into the case's ``other``. Where that is small still it goes into ``other`` of no case, and
    takes the smallest cell there is along if it must. A section that has done fewer than ten things in all has one row.

    :param cells: numbers by case and type.
    :param types: those that are signed under their own name; all else is ``other``.
    """
    by_case: dict[str, dict[str, int]] = {}
    for (case, kind), number in sorted(cells.items()):
        name = kind if kind in types else OTHER
        of_case = by_case.setdefault(case, {})
        of_case[name] = of_case.get(name, 0) + number
    shown: dict[tuple[str, str], int] = {}
    left = 0
    for case, numbers in by_case.items():
        rest = 0
        for kind, number in numbers.items():
            if kind == OTHER or number < FEW:
                rest += max(0, number)
            else:
                shown[case, kind] = number
        if rest >= FEW:
            shown[case, OTHER] = rest
        else:
            left += rest
    if 0 < left < FEW and shown:
        smallest = min(shown, key=lambda cell: (shown[cell], cell))
        left += shown.pop(smallest)
    if left:
        shown[WHOLE, OTHER] = left
    return [{"case": case, "type": kind, "count": number} for (case, kind), number in sorted(shown.items())]


def sign_tally(
    session: Session, section: Section, private: str, year: str | None = None, *, now: datetime, days: int = DAYS
) -> dict[str, Any]:
    """Sign a section's numbers as they are now. Of the current edition they are served from then on.

    :param private: the key that signs.
    :param year: the edition; ``None`` for the current.
    :param days: for how long they may be taken.
    :raises NotFound: there is no such edition.
    """
    figures = read_figures(session, section, year, now=now)
    row = locked(session, section, KIND, now)
    document = sign(_content(figures, types_of(section), next_sequence(row.sequence, now), now, days), private)
    row.sequence = document["sequence"]
    _, is_current = find_edition(session, section, year, now)
    if is_current:
        row.signed_at, row.document = now, json.dumps(document)
    session.flush()
    return document


def is_due(session: Session, section: Section, *, now: datetime) -> bool:
    """Whether what is served should be signed anew: its numbers changed, or it is a day old.

    :raises NotFound: the section has no edition yet.
    """
    figures = read_figures(session, section, None, now=now)
    kept = served(session, section, KIND)
    if kept is None or now - kept.signed_at >= RENEWED:
        return True
    before = json.loads(kept.document)
    return (before["edition"], before["rows"]) != (figures.edition, coarse(figures.cells(), types_of(section)))


def served(session: Session, section: Section, kind: str) -> SignedDocument | None:
    """The newest document of a kind that a section serves."""
    row = session.scalars(
        select(SignedDocument).where(SignedDocument.section == section.code, SignedDocument.kind == kind)
    ).first()
    return row if row is not None and row.document else None


def next_sequence(last: int, now: datetime) -> int:
    """A number above the last one, and above what was given out before a backup was restored: seconds since 1970."""
    return max(last + 1, int(now.timestamp()))


def _content(figures: Figures, types: Collection[str], sequence: int, now: datetime, days: int) -> dict[str, Any]:
    return {
        "section": figures.section,
        "edition": figures.edition,
        "sequence": sequence,
        "as_of": write_moment(now),
        "expires": write_moment(now + timedelta(days=days)),
        "rows": coarse(figures.cells(), types),
    }


def locked(session: Session, section: Section, kind: str, now: datetime) -> SignedDocument:
    """The row of what a section signed last; whoever else signs waits until the transaction ends."""
    empty = {"section": section.code, "kind": kind, "sequence": 0, "signed_at": now, "document": ""}
    insert_ignore(session, SignedDocument.__table__, empty)
    wanted = select(SignedDocument).where(SignedDocument.section == section.code, SignedDocument.kind == kind)
    return session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).one()
