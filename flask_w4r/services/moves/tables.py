"""Which rows are a section's: those that name it, and those that hang on them by a foreign key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Column, Table, exists, func, not_, select
from sqlalchemy.orm import Session

from ...models import metadata


@cache
def owned() -> Mapping[str, Table]:
    """The tables with rows of sections, by name, parents before children."""
    found: dict[str, Table] = {}
    for table in metadata.sorted_tables:
        if "section" in table.columns or _parent(table, found) is not None:
            found[table.name] = table
    return found


def _parent(table: Table, known: Mapping[str, Table]) -> tuple[Column[Any], Column[Any]] | None:
    """The column by which a table hangs on one that is known, and the column it points to."""
    for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
        if key.column.table.name in known:
            return key.parent, key.column
    return None


def is_of(table: Table, code: str) -> Any:
    """The condition that a row is of a section.

    :param code: the section's.
    """
    if "section" in table.columns:
        return table.c.section == code
    found = _parent(table, owned())
    assert found is not None
    mine, theirs = found
    return exists().where(theirs == mine, is_of(theirs.table, code))


def order(table: Table) -> list[Column[Any]]:
    """The columns by which rows are told apart, in an order that every database keeps."""
    return list(table.primary_key.columns)


def counts(session: Session, code: str) -> dict[str, int]:
    """How many rows of a section each table has; those without any left out."""
    found = {
        name: int(session.scalar(select(func.count()).select_from(table).where(is_of(table, code))) or 0)
        for name, table in owned().items()
    }
    return {name: number for name, number in found.items() if number}


def strangers(session: Session, table: Table, code: str) -> list[str]:
    """The columns by which some row of a section hangs on a row that is not the section's."""
    found = []
    for key in table.foreign_keys:
        parent = key.column.table
        if parent.name in owned():
            # One that is not there at all is none of the section's either: SQLite may not look.
            hangs = exists().where(key.column == key.parent, is_of(parent, code))
            mine = (is_of(table, code), key.parent.is_not(None), not_(hangs))
            if session.execute(select(*order(table)).where(*mine).limit(1)).first() is not None:
                found.append(key.parent.name)
    return found
