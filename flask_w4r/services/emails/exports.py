"""What staff take away of emails to those in power, in the order of ids. Nothing of what goes to people at risk is in it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Edition, TargetEmail
from ...seam import Export, ExportAsk, moment

#: Rows of a piece.
PIECE = 1000
COLUMNS = (
    "case", "edition", "to", "state", "first_name", "last_name", "email", "subject", "text", "edited", "locale", "written_at",
    "confirmed_at", "sent_at",
)  # fmt: skip


def emails(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Emails whose writer's mailbox is proved and that nothing holds, oldest first; see ``seam.Export``."""
    cases = select(Case.id, Case.slug, Edition.year).join(Edition, Edition.id == Case.edition_id)
    cases = cases.where(Case.section == ask.section.code)
    known = {row.id: row for row in session.execute(cases if ask.case is None else cases.where(Case.slug == ask.case))}
    if ask.case is not None and not known:
        raise NotFound(f"there is no case {ask.case!r}")
    query = select(TargetEmail).where(
        TargetEmail.section == ask.section.code, TargetEmail.id > (place or 0), TargetEmail.person.is_not(None),
        TargetEmail.state.in_(("confirmed", "sent")), TargetEmail.held_at.is_(None),
    )  # fmt: skip
    if ask.case is not None:
        query = query.where(TargetEmail.case_id.in_(known))
    if ask.since is not None:
        query = query.where(TargetEmail.confirmed_at >= ask.since)
    found = session.scalars(query.order_by(TargetEmail.id).limit(PIECE)).all()
    rows = [_cells(keyring, row, known[row.case_id]) for row in found]
    return rows, found[-1].id if len(found) == PIECE else None


def _cells(keyring: Keyring, row: TargetEmail, case: Any) -> tuple[Any, ...]:
    person, words = keyring.open_json(row.person or ""), keyring.open_json(row.words or "")
    return (
        case.slug, case.year, words["target"], row.state, person.get("first_name"), person.get("last_name"),
        person.get("email"), words["subject"], words["body"], row.edited, row.locale, moment(row.created_at),
        moment(row.confirmed_at), moment(row.sent_at),
    )  # fmt: skip


EMAILS = Export(
    "emails", lazy_gettext("Emails to those in power"), lambda section: COLUMNS, emails, heeds=("case", "since")
)
