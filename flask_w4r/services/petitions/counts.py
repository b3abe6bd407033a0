"""How many signatures count, by the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ...action_types import SIGNATURE
from ...i18n import gettext, ngettext
from ...models import Signature
from ...sections import Section
from ..tally.keys import Key, tell


def recount(session: Session, section: Section) -> Mapping[Key, int]:
    """Confirmed signatures that are not held, also those whose owners erased what they had entrusted; see ``seam.Capability``."""
    erased = and_(Signature.state == "erased", Signature.confirmed_at.is_not(None))
    rows = session.execute(
        select(Signature.case_id, Signature.confirmed_at).where(
            Signature.section == section.code, or_(Signature.state == "confirmed", erased), Signature.held_at.is_(None)
        )
    )
    return tell(section, SIGNATURE, rows.yield_per(1000))


def touched(session: Session, section: Section, case_ids: Sequence[int]) -> Sequence[tuple[str, str]]:
    """What waits for its mailbox: it cannot be confirmed while the case takes none; see ``seam.Capability``."""
    pending = session.scalar(
        select(func.count()).where(
            Signature.section == section.code, Signature.case_id.in_(case_ids), Signature.state == "pending"
        )
    )
    words = ngettext(
        "%(num)s signature, which can be confirmed only while the case is active",
        "%(num)s signatures, which can be confirmed only while the case is active",
        pending or 0,
    )
    return [(gettext("Waiting for email confirmation"), words)]
