"""The tally as a file, to the last slot that is told apart, and what was done at events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Edition, TallySlot
from ...models.tally import NO_DAY
from ...seam import Export, ExportAsk
from ..rollup.figures import find_edition, is_over
from ..tally.totals import told_as
from . import days

TALLY_COLUMNS = ("edition", "case", "type", "source", "status", "day", "count")
EVENT_COLUMNS = ("edition", "event", "title", "on", "type", "count")
Piece = tuple[Sequence[tuple[Any, ...]], int | None]


def _next_edition(session: Session, ask: ExportAsk, place: int | None) -> Edition | None:
    mine = select(Edition).where(Edition.section == ask.section.code, Edition.id > (place or 0))
    return session.scalars(mine.order_by(Edition.id).limit(1)).first()


def _tally(session: Session, keyring: Keyring, ask: ExportAsk, place: int | None) -> Piece:
    edition = _next_edition(session, ask, place)
    if edition is None:
        return (), None
    key = (TallySlot.action_type, TallySlot.source, TallySlot.status, TallySlot.day)
    query = (
        select(Case.slug, *key, func.sum(TallySlot.count))
        .join(Case, Case.id == TallySlot.case_id)
        .where(*days.shown(ask.section, edition.id))
        .group_by(Case.position, Case.slug, *key)
        .order_by(Case.position, Case.slug, *key)
    )
    query = query if ask.case is None else query.where(Case.slug == ask.case)
    _, is_current = find_edition(session, ask.section, edition.year, ask.now)
    over = is_over(ask.section, edition, ask.now, current=is_current)
    rows = [
        (
            edition.year, slug, kind, source, told_as(status, is_over=over),
            None if day == NO_DAY else day.isoformat(), int(number),
        )
        for slug, kind, source, status, day, number in session.execute(query) if number
    ]  # fmt: skip
    return rows, edition.id


def _events(session: Session, keyring: Keyring, ask: ExportAsk, place: int | None) -> Piece:
    edition = _next_edition(session, ask, place)
    if edition is None:
        return (), None
    rows = [
        (edition.year, line.slug, line.title, line.on.isoformat(), kind, number)
        for line in days.by_event(session, ask.section, edition.id)
        for kind, number in sorted(line.numbers.items())
    ]
    return rows, edition.id


EXPORTS = (
    Export("tally", lazy_gettext("What was counted, by day"), lambda section: TALLY_COLUMNS, _tally, heeds=("case",)),
    Export("events", lazy_gettext("What was done at events"), lambda section: EVENT_COLUMNS, _events),
)
