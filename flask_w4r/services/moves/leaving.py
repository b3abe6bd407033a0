"""A section leaves: all that it has goes, in pieces, children before parents; the next run goes on where one was stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, delete, select, tuple_
from sqlalchemy.orm import Session

from ..storage.rows import execute
from ..storage.unit_of_work import read, run
from . import tables

#: Rows in one transaction.
PIECE = 2000


def counts(app: Any, code: str) -> dict[str, int]:
    """How many rows of a section each table has.

    :param code: also of a section that the site no longer has.
    """
    return read(app, lambda session: tables.counts(session, code))


def erase(app: Any, code: str, told: Callable[[str, int], None], *, piece: int = PIECE) -> dict[str, int]:
    """Delete every row of a section, its log and its ledger of erasures included.

    :param told: called after each piece: the table, and how many rows went.
    :returns: how many rows went, by table.
    """
    gone: dict[str, int] = {}
    for name, table in reversed(list(tables.owned().items())):
        while count := run(app, lambda work, table=table: _piece(work.session, table, code, piece)):  # type: ignore[misc]
            gone[name] = gone.get(name, 0) + count
            told(name, count)
    return gone


def _piece(session: Session, table: Table, code: str, piece: int) -> int:
    key = tables.order(table)
    rows = session.execute(select(*key).where(tables.is_of(table, code)).order_by(*key).limit(piece)).all()
    if not rows:
        return 0
    some = key[0].in_([row[0] for row in rows]) if len(key) == 1 else tuple_(*key).in_([tuple(row) for row in rows])
    return execute(session, delete(table).where(some))
