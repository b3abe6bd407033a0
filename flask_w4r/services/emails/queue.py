"""Emails in the desk's queue: those in someone's own words, with what they changed, and those whose target is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Batch, Case, TargetEmail
from ...seam import QueueKind
from ...sections import Section, text_direction
from ...state import Hooks
from ..moderation import rows as decided
from ..moderation.filters import Filters, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from ..people.names import full_name
from . import orphans
from .letters import CANCELLED, REFUSED
from .prepared import Piece, Prepared, difference
from .refusals import REFUSALS, told
from .rows import case_rows, lock
from .writing import KIND

#: What a decision may change.
_KEPT = ("state", "held_at", "held_for", "released_at", "updated_at", "target_key", "chosen")
_WAITING = ("pending", "confirmed")


@dataclass(frozen=True)
class EmailRow:
    """An email that waits, as a moderator sees it."""

    id: int
    name: str
    #: Masked.
    address: str
    case_name: str
    to: str
    subject: str
    changes: Sequence[Piece]
    lang: str
    dir: str
    state: str
    edited: bool
    is_gone: bool
    held_at: datetime
    created_at: datetime
    confirmed_at: datetime | None
    score: int
    reasons: Sequence[ReasonLine]
    kind: str = KIND

    @property
    def item(self) -> str:
        """What names it in a form: ``email:17``."""
        return f"{self.kind}:{self.id}"


def _waiting(session: Session, section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        TargetEmail.section == section.code, TargetEmail.held_at.is_not(None), TargetEmail.state.in_(_WAITING),
    ]  # fmt: skip
    if filters.case is not None:
        found.append(
            TargetEmail.case_id.in_(select(Case.id).where(Case.section == section.code, Case.slug == filters.case))
        )
    for column, wanted in ((TargetEmail.state, filters.state), (TargetEmail.held_for, filters.held_for)):
        if wanted is not None:
            found.append(column == wanted)
    if filters.score is not None:
        found.append(TargetEmail.score >= filters.score)
    if filters.since is not None:
        found.append(TargetEmail.held_at >= filters.since)
    if filters.until is not None:
        found.append(TargetEmail.held_at < filters.until)
    return found


def count(session: Session, section: Section, filters: Filters) -> int:
    """How many wait, counted up to a cap."""
    capped = select(TargetEmail.id).where(*_waiting(session, section, filters)).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    """One page of them; see ``seam.QueueKind``."""
    order: list[Any] = [TargetEmail.held_at, TargetEmail.id]
    if filters.order == "newest":
        order = [column.desc() for column in order]
    after = [] if place is None else [place.after(filters.order, TargetEmail.held_at, TargetEmail.id)]
    query = select(TargetEmail).where(*_waiting(session, section, filters), *after).order_by(*order).limit(size + 1)
    found = session.scalars(query).all()
    rows = found[:size]
    cases = case_rows(session, {row.case_id for row in rows})
    number = count(session, section, filters)
    last = rows[-1] if len(found) > size else None
    return QueuePage(
        [_row(keyring, section, row, cases[row.case_id]) for row in rows],
        min(number, COUNT_CAP),
        number > COUNT_CAP,
        str(Place(last.held_at, last.id)) if last is not None and last.held_at is not None else None,
    )


def _row(keyring: Keyring, section: Section, row: TargetEmail, case: Case) -> EmailRow:
    person = keyring.open_json(row.person) if row.person else {}
    words = keyring.open_json(row.words) if row.words else {"subject": "", "body": "", "target": ""}
    made_from = Prepared(*words["prepared"]) if "prepared" in words else None
    if made_from is None and not row.edited:
        made_from = Prepared(words["subject"], words["body"])
    assert row.held_at is not None
    return EmailRow(
        id=row.id, name=full_name(person), address=mask_address(person.get("email", "")), case_name=case.name,
        to=words["target"], subject=words["subject"], changes=difference(made_from, words["subject"], words["body"]),
        lang=section.lang_tag(row.text_locale), dir=text_direction(row.text_locale), state=row.state,
        edited=row.edited, is_gone=orphans.is_gone(case, row), held_at=row.held_at, created_at=row.created_at,
        confirmed_at=row.confirmed_at, score=row.score, reasons=reason_lines(row.reasons),
    )  # fmt: skip


def decide(
    session: Session,
    hooks: Hooks,
    keyring: Keyring,
    section: Section,
    ids: Sequence[int],
    act: str,
    make_batch: Callable[[], Batch],
    now: datetime,
) -> Batch | None:
    """Let them leave, or not. One whose target is gone goes to whom the case writes to now, where there is anybody."""
    waits = [row for row in lock(session, section, ids) if row.held_at is not None and row.state in _WAITING]
    cases = case_rows(session, {row.case_id for row in waits})
    chosen = []
    for row in waits:
        before = decided.former(row, _KEPT)
        gone = orphans.is_gone(cases[row.case_id], row)
        if act == "approve" and gone and not orphans.move(session, cases[row.case_id], row):
            continue
        chosen.append((row, before, gone))
    if not chosen:
        return None
    batch = make_batch()
    for row, before, gone in chosen:
        row.held_at, row.held_for, row.updated_at = None, None, now
        if act == "approve":
            row.released_at = now
        else:
            row.state = "cancelled" if gone else "refused"
            why = keyring.open(batch.reason) if batch.reason else ""
            if gone or told(why):
                orphans.tell(session, keyring, section, row, CANCELLED if gone else REFUSED, now=now, why=why)
        decided.keep(session, batch, KIND, row, before)
    return batch


def undo(session: Session, keyring: Keyring, section: Section, batch: Batch, *, limit: int) -> decided.Undone:
    """They wait again, but for those that left."""
    states = _WAITING if batch.act == "approve" else ("refused", "cancelled")
    return decided.undo(session, section, batch, KIND, TargetEmail, limit=limit, states=states, after=lambda row: None)


EMAILS = QueueKind(
    KIND,
    lazy_gettext("Emails to those in power"),
    count,
    page,
    decide,
    undo,
    feature="emails",
    named=False,
    filters=("held_for", "state", "score"),
    refusals=REFUSALS,
)
