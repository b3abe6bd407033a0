"""How many signatures count, by the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ...i18n import gettext, ngettext
from ...models import Signature
from ...sections import Section
from ..tally.counts import SIGNATURE


def recount(session: Session, section: Section) -> Mapping[int, Mapping[str, int]]:
    """Confirmed signatures that are not held, by case, also of those whose owners erased what they had entrusted; see
    ``seam.Capability``."""
    erased = and_(Signature.state == "erased", Signature.confirmed_at.is_not(None))
    rows = session.execute(
        select(Signature.case_id, func.count())
        .where(
            Signature.section == section.code, or_(Signature.state == "confirmed", erased), Signature.held_at.is_(None)
        )
        .group_by(Signature.case_id)
    )
    return {case_id: {SIGNATURE: number} for case_id, number in rows}


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
