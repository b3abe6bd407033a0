"""How many messages count, by the rows themselves, and what a change of a case stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from ...i18n import gettext, ngettext
from ...models import Message
from ...sections import Section
from ..tally.keys import Key, tell
from .written import ACTION

#: What is passed on, and was not yet.
TO_TAKE = and_(Message.state == "approved", Message.taken_at.is_(None), Message.words.is_not(None))


def recount(session: Session, section: Section) -> Mapping[Key, int]:
    """Approved messages, by the day they were written on, also those whose owners erased what they had entrusted; see
    ``seam.Capability``."""
    rows = session.execute(
        select(Message.case_id, Message.created_at).where(
            Message.section == section.code, Message.approved_at.is_not(None)
        )
    )
    return tell(section, ACTION, rows.yield_per(1000))


def touched(session: Session, section: Section, case_ids: Sequence[int]) -> Sequence[tuple[str, str]]:
    """What waits to be confirmed, read and printed; see ``seam.Capability``."""

    def how_many(*conditions: object) -> int:
        mine = (Message.section == section.code, Message.case_id.in_(case_ids))
        return session.scalar(select(func.count()).where(*mine, *conditions)) or 0  # type: ignore[arg-type]

    pending, submitted = how_many(Message.state == "pending"), how_many(Message.state == "submitted")
    approved = how_many(TO_TAKE)
    found = [
        (pending, ngettext("%(num)s waits for its email address", "%(num)s wait for their email addresses", pending)),
        (submitted, ngettext("%(num)s waits to be read", "%(num)s wait to be read", submitted)),
        (approved, ngettext("%(num)s was not printed yet", "%(num)s were not printed yet", approved)),
    ]
    return [(gettext("Messages to the person"), words) for number, words in found if number]
