"""The log as staff read it: a page at a time, newest first, and as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import AuditEntry
from ...seam import ExportAsk
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..people.permissions import require
from .record import Head, head

PAGE = 50
#: The file's columns.
HEADINGS = ("section", "number", "at", "actor", "action", "subject", "count", "changes", "digest")


@dataclass(frozen=True)
class Entry:
    """One act, as shown."""

    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    count: int
    changes: dict[str, Any]
    digest: str

    @property
    def pairs(self) -> list[tuple[str, str, str]]:
        """What changed: field, before, after. A value that is not such a pair stands as the second."""
        found = []
        for name, value in sorted(self.changes.items()):
            pair = value if isinstance(value, list) and len(value) == 2 else [None, value]
            found.append((name, *("" if item is None else _words(item) for item in pair)))
        return found  # type: ignore[return-value]


@dataclass(frozen=True)
class Filters:
    """Which entries: of an action, of an actor; everything by default."""

    action: str = ""
    actor: str = ""

    def as_values(self) -> dict[str, str]:
        """The filters that are set, as a link carries them."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class LogPage:
    """A page of the log, and where the next older one begins."""

    entries: Sequence[Entry]
    head: Head
    actions: Sequence[str]
    before: int | None


def log_page(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    section: Section,
    filters: Filters,
    *,
    before: int | None = None,
) -> LogPage:
    """Read the newest entries below a number.

    :param before: entries with a lower number only; ``None``: from the newest on.
    :returns: up to :data:`PAGE` entries, with the end of the whole log and every action it knows.
    :raises PermissionDenied: they may not read the log here.
    """
    require(hooks, actor, Permission.READ_AUDIT, section)
    rows = _read(session, section, filters, before, PAGE + 1)
    known = select(AuditEntry.action).where(AuditEntry.section == section.code).distinct().order_by(AuditEntry.action)
    more = len(rows) > PAGE
    shown = rows[:PAGE]
    return LogPage(shown, head(session, section), session.scalars(known).all(), shown[-1].number if more else None)


def file_rows(
    session: Session, keyring: Keyring, ask: ExportAsk, place: int | None
) -> tuple[list[tuple[Any, ...]], int | None]:
    """Rows of the file, newest first, a piece at a time; see ``seam.Export``.

    :param ask: ``filters`` are :class:`Filters`.
    """
    piece = 1000
    rows = _read(session, ask.section, ask.filters or Filters(), place, piece)
    return [_cells(ask.section, row) for row in rows], rows[-1].number if len(rows) == piece else None


def _read(session: Session, section: Section, filters: Filters, before: int | None, limit: int) -> list[Entry]:
    query = select(AuditEntry).where(AuditEntry.section == section.code)
    if filters.action:
        query = query.where(AuditEntry.action == filters.action)
    if filters.actor:
        query = query.where(AuditEntry.actor_id == filters.actor)
    if before is not None:
        query = query.where(AuditEntry.seq < before)
    rows = session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit))
    return [
        Entry(
            row.seq,
            row.at,
            row.actor_id,
            row.action,
            row.subject,
            row.count,
            dict(row.changes),
            bytes(row.digest).hex(),
        )
        for row in rows
    ]


def _cells(section: Section, row: Entry) -> tuple[Any, ...]:
    changes = json.dumps(row.changes, sort_keys=True) if row.changes else ""
    return (
        section.code, row.number, row.at.isoformat(), row.actor, row.action, row.subject, row.count, changes, row.digest,
    )  # fmt: skip


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
