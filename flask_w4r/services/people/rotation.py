"""Sealing what is stored under the newest key, a batch at a time, resumable.

There is no mark of how far it came: a value says itself which key it is sealed with. Whoever killed it runs it again, and what was
done is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, bindparam, func, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring, SealBroken
from ...models.base import sealed_columns

#: Where a rotation has come to: the number of the column, and the last primary key done.
Place = tuple[int, Any]


@dataclass(frozen=True)
class Turn:
    """What one batch came to.

    :ivar column: ``table.column``.
    :ivar seen: values that were looked at.
    :ivar changed: those that were sealed anew.
    :ivar lost: those that no key opens; they stay as they are.
    :ivar after: where to go on; ``None`` at the end.
    """

    column: str
    seen: int
    changed: int
    lost: int
    after: Place | None


def name_of(column: Column[Any]) -> str:
    """A column as people are told of it."""
    return f"{column.table.name}.{column.name}"


def rotate_keys(session: Session, keyring: Keyring, place: Place, batch: int) -> Turn:
    """Rotate the next ``batch`` rows.

    :param place: ``(0, None)`` to begin, then the last turn's ``after``.
    """
    columns = sealed_columns()
    number, last = place
    column = columns[number]
    key = _key(column)
    found = session.execute(_rows(column, last, batch)).all()
    fresh, lost = [], 0
    for ident, sealed in found:
        try:
            value = keyring.rotate(sealed)
        except SealBroken:
            lost += 1
            continue
        if value is not None:
            fresh.append({"b_key": ident, "b_before": sealed, "b_after": value})
    if fresh:
        # Guarded by the old value: a row that changed meanwhile is sealed under the newest key already.
        same = (key == bindparam("b_key", type_=key.type), column == bindparam("b_before", type_=column.type))
        values = {column.name: bindparam("b_after", type_=column.type)}
        session.connection().execute(update(column.table).where(*same).values(values), fresh)
    ended = len(found) < batch
    after = (number, found[-1][0]) if not ended else (number + 1, None) if number + 1 < len(columns) else None
    return Turn(name_of(column), len(found), len(fresh), lost, after)


def how_many(session: Session) -> int:
    """How many sealed values there are."""
    return sum(
        int(session.scalar(select(func.count()).select_from(column.table).where(column.is_not(None))) or 0)
        for column in sealed_columns()
    )


def keys_of(
    session: Session, keyring: Keyring, place: Place, batch: int
) -> tuple[str, Counter[int | None], Place | None]:
    """By which keys the next ``batch`` rows are opened; like :func:`rotate_keys`, and changes nothing.

    :returns: the column, how many by the number of the key (``None``: by none), and where to go on.
    """
    columns = sealed_columns()
    number, last = place
    found = session.execute(_rows(columns[number], last, batch)).all()
    ended = len(found) < batch
    after = (number, found[-1][0]) if not ended else (number + 1, None) if number + 1 < len(columns) else None
    return name_of(columns[number]), Counter(keyring.opened_by(sealed) for _, sealed in found), after


def sample(session: Session, column: Column[Any], size: int) -> Sequence[str]:
    """Some values of a column, the oldest and the newest."""
    key = _key(column)
    rows = select(key, column).where(column.is_not(None)).limit(size)
    found = {row[0]: row[1] for order in (key, key.desc()) for row in session.execute(rows.order_by(order))}
    return list(found.values())


def _key(column: Column[Any]) -> Column[Any]:
    return next(iter(column.table.primary_key.columns))


def _rows(column: Column[Any], last: Any, batch: int) -> Any:
    key = _key(column)
    rows = select(key, column).where(column.is_not(None)).order_by(key).limit(batch)
    return rows if last is None else rows.where(key > last)
