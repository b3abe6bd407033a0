"""How long whoever reported is kept: as long as somebody may have to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, or_, update
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...models import Report
from ...seam import Sweep
from ..storage import ages
from ..storage.rows import execute
from .personal import PERSONAL

_KNOWN = or_(Report.person.is_not(None), Report.note.is_not(None))


def _unconfirmed(sweep: Sweep) -> Any:
    old = ages.over(sweep, "pending_days", Report.section, lambda moment: Report.updated_at < moment)
    return and_(Report.state == "unconfirmed", old)


def _go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, delete(Report).where(Report.id.in_(ids)))


def _known(sweep: Sweep) -> Any:
    old = ages.over(sweep, "event_days", Report.section, lambda moment: Report.updated_at < moment)
    # A host's goes with the event.
    return and_(Report.state.not_in(("unconfirmed", "submitted")), Report.role == "person", _KNOWN, old)


def _let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    return execute(session, update(Report).where(Report.id.in_(ids)).values(**PERSONAL))


RULES = (
    ages.rule(
        "pending_reports",
        lazy_gettext("reports whose email address was not confirmed: ``pending_days``"),
        Report,
        _unconfirmed,
        _go,
    ),
    ages.rule(
        "reports",
        lazy_gettext(
            "who reported what was done, and their notes: ``event_days`` after the desk decided; numbers stay"
        ),
        Report,
        _known,
        _let_go,
    ),
)
