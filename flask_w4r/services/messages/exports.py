"""What staff take away of messages: those that are passed on. No address of a writer is in it, and nothing of an authority."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Edition, Message
from ...seam import Export, ExportAsk, moment
from . import standing
from .directions import direction

PIECE = 1000
COLUMNS = (
    "case", "edition", "message", "direction", "name", "country", "locale", "public", "shown", "written_at", "approved_at", "taken_at",
)  # fmt: skip


def messages(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Approved messages of cases that were not withdrawn, oldest first; see ``seam.Export``."""
    mine = (Message.section == ask.section.code, Message.state == "approved", Message.words.is_not(None))
    if ask.case is not None:
        named = select(Case.id).where(Case.section == ask.section.code, Case.slug == ask.case)
        if session.scalars(named.limit(1)).first() is None:
            raise NotFound(f"there is no case {ask.case!r}")
    query = (
        select(Message, Case.slug, Edition.year)
        .join(Case, Case.id == Message.case_id)
        .join(Edition, Edition.id == Case.edition_id)
        .where(*mine, Case.status != "withdrawn", Message.id > (place or 0))
    )
    if ask.case is not None:
        query = query.where(Case.slug == ask.case)
    if ask.since is not None:
        query = query.where(Message.approved_at >= ask.since)
    found = session.execute(query.order_by(Message.id).limit(PIECE)).all()
    rows = [_row(keyring, row, slug, year) for row, slug, year in found]
    return rows, found[-1][0].id if len(found) == PIECE else None


def _row(keyring: Keyring, row: Message, slug: str, year: str) -> tuple[Any, ...]:
    person, text = standing.person_of(keyring, row), standing.text_of(keyring, row)
    return (
        slug, year, text, direction(text), person.get("name"), person.get("country"), row.locale, row.public,
        row.shown_at is not None, moment(row.created_at), moment(row.approved_at), moment(row.taken_at),
    )  # fmt: skip


MESSAGES = Export(
    "messages",
    lazy_gettext("Messages to the person at risk"),
    lambda section: COLUMNS,
    messages,
    heeds=("case", "since"),
)
