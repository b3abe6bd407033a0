"""Sealing what is stored under the newest key, a batch at a time, resumable."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models.base import sealed_columns

#: Where a rotation has come to: the number of the column, and the last primary key done.
Place = tuple[int, Any]


def rotate_keys(session: Session, keyring: Keyring, place: Place, batch: int) -> tuple[int, Place | None]:
    """Rotate the next ``batch`` rows.

    :param place: ``(0, None)`` to begin, then what the last call returned.
    :returns: how many values were sealed anew, and where to go on, or ``None`` at the end.
    """
    columns = sealed_columns()
    number, last = place
    if number >= len(columns):
        return 0, None
    column = columns[number]
    key = next(iter(column.table.primary_key.columns))
    rows = select(key, column).where(column.is_not(None)).order_by(key).limit(batch)
    if last is not None:
        rows = rows.where(key > last)
    found = session.execute(rows).all()
    changed = 0
    for ident, sealed in found:
        fresh = keyring.rotate(sealed)
        if fresh is not None:
            # Guarded by the old value: a row that changed meanwhile is sealed under the newest key already.
            session.execute(update(column.table).where(key == ident, column == sealed).values({column.name: fresh}))
            changed += 1
    return changed, (number, found[-1][0]) if len(found) == batch else (number + 1, None)
