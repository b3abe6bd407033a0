"""How many emails left, by the rows themselves; and what a change of a case's status stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...i18n import gettext, ngettext
from ...models import TargetEmail
from ...sections import Section
from ..tally.keys import Key, tell
from .leaving import ACTION


def recount(session: Session, section: Section) -> Mapping[Key, int]:
    """Emails that left, also those of which only the count is left; see ``seam.Capability``."""
    left = select(TargetEmail.case_id, TargetEmail.sent_at).where(
        TargetEmail.section == section.code, TargetEmail.state == "sent"
    )
    return tell(section, ACTION, session.execute(left).yield_per(1000))


def touched(session: Session, section: Section, case_ids: Sequence[int]) -> Sequence[tuple[str, str]]:
    """What waits to leave: it leaves only while the case is active; see ``seam.Capability``."""
    waits = select(func.count()).where(
        TargetEmail.section == section.code,
        TargetEmail.case_id.in_(case_ids),
        TargetEmail.state.in_(("pending", "confirmed")),
    )
    words = ngettext(
        "%(num)s email, which can leave only while the case is active",
        "%(num)s emails, which can leave only while the case is active",
        session.scalar(waits) or 0,
    )
    return [(gettext("Emails to those in power"), words)]
