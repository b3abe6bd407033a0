"""Which reports are of an address, and when they go to the desk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Report
from ...sections import Section
from ...signals import action_reported
from ..people import owners
from ..storage.unit_of_work import UnitOfWork


def reporter_scope(code: str) -> str:
    """The scope of an address among the reports of a section."""
    return f"report|{code}"


def digests_of(keyring: Keyring, code: str, canonical: str, row: Any) -> list[bytes]:
    """What tells that the same is reported once more, the newest key's first.

    :param row: with ``counts people on_date place event_id``.
    """
    told = [row.counts, row.people, row.on_date.isoformat() if row.on_date else None, row.place, row.event_id]
    return list(keyring.blinds(f"report-told|{code}", f"{canonical}|{json.dumps(told, sort_keys=True)}"))


def of_address(
    session: Session,
    keyring: Keyring,
    section: Section,
    canonical: str,
    *,
    lock: bool = False,
    state: str | None = None,
) -> Sequence[Report]:
    """The reports of an address.

    :param state: those in it alone.
    """
    mine = keyring.blinds(reporter_scope(section.code), canonical)
    return owners.rows_of(session, Report, section, mine, lock=lock, state=state)


def submit(work: UnitOfWork, section: Section, rows: Sequence[Report], *, now: datetime) -> list[int]:
    """The mailbox of some locked reports is proved: they go to the desk. One that they correct and that nobody decided on goes.

    :returns: their ids.
    """
    for row in rows:
        row.state, row.held_at, row.updated_at = "submitted", now, now
        before = work.session.get(Report, row.replaces_id) if row.replaces_id else None
        if before is not None and before.state == "submitted":
            before.state, before.held_at, before.updated_at = "replaced", None, now
            # What it was to replace counts until the desk has decided on this one.
            row.replaces_id = before.replaces_id or before.id
        work.emit(action_reported, report_id=row.id, section=section.code)
    work.session.flush()
    return [row.id for row in rows]
