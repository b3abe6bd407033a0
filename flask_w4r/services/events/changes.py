"""The number that says whether the map was built before or after the last change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from ...models import EventChange
from ...sections import Section
from ..storage.upsert import insert_ignore


def touch(session: Session, section: Section, now: datetime) -> None:
    """Say that what the public map or list shows has changed, in the transaction that changes it.

    Writers of one section wait here for each other, so call it last.
    """
    raised = (
        update(EventChange)
        .where(EventChange.section == section.code)
        .values(version=EventChange.version + 1, changed_at=now)
    )
    options = {"synchronize_session": False}
    if not cast("CursorResult[Any]", session.execute(raised, execution_options=options)).rowcount:
        first = {"section": section.code, "version": 1, "changed_at": now}
        if not insert_ignore(session, EventChange.__table__, first):
            session.execute(raised, execution_options=options)


def version(session: Session, section: Section) -> int:
    """How often that was said; 0 before the first time."""
    found = session.scalar(select(EventChange.version).where(EventChange.section == section.code))
    return found or 0
