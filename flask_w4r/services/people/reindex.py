"""Keyed hashes of a new index key: what is common to all kinds of row, whose addresses are sealed beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring, SealBroken
from ...seam import Reindexed
from .addresses import parse_address


def mailbox_of(details: Mapping[str, Any], name: str = "email") -> str | None:
    """The address among opened details, in canonical form; ``None``: there is none."""
    typed = details.get(name)
    return parse_address(typed, test_environment=True).canonical if typed else None


def opened(keyring: Keyring, sealed: str) -> dict[str, Any] | None:
    """Sealed details; ``None`` where no key opens them: their index stays as it is."""
    try:
        found = keyring.open_json(sealed)
    except (SealBroken, json.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def step(
    session: Session,
    columns: Sequence[Any],
    where: Any,
    fresh: Callable[[Any], Mapping[str, Any] | None],
    after: int | None,
    limit: int,
    *,
    write: bool,
    taken: Callable[[Mapping[int, Mapping[str, Any]], Mapping[int, Any]], set[int]] | None = None,
) -> tuple[Reindexed, Mapping[int, Any]]:
    """Make the indexes of the next rows anew.

    :param columns: what ``fresh`` needs, the table's ``id`` first.
    :param where: which rows there are.
    :param fresh: ``(row) -> the columns as they should be``; ``None``: nobody can tell.
    :param taken: ``(new values by id, rows by id) -> ids`` whose new index another row has.
    :returns: what it came to, and the rows that were stale and are not doubled, by id.
    """
    ident = columns[0]
    table = ident.class_.__table__
    query = select(*columns).where(where).order_by(ident).limit(limit)
    query = query if after is None else query.where(ident > after)
    found = session.execute(query.with_for_update() if write else query).all()
    new: dict[int, Mapping[str, Any]] = {}
    rows: dict[int, Any] = {}
    for row in found:
        values = fresh(row)
        first = next(iter(values), None) if values else None
        if values and first is not None and _differs(getattr(row, first), values[first]):
            new[row.id], rows[row.id] = values, row
    doubled = taken(new, rows) if taken is not None and new else set()
    stale = len(new)
    for number in doubled:
        del new[number], rows[number]
    if write:
        change(session, table, new)
    return Reindexed(len(found), stale, len(doubled), found[-1][0] if len(found) == limit else None), rows


def change(session: Session, table: Any, new: Mapping[int, Mapping[str, Any]]) -> None:
    """Write indexes of locked rows.

    :param new: the columns by id.
    """
    # Some rows have more of them than others.
    for names in {tuple(values) for values in new.values()}:
        some = [(number, values) for number, values in new.items() if tuple(values) == names]
        bound = {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in names}
        session.connection().execute(
            update(table).where(table.c.id == bindparam("b_id")).values(bound),
            [{"b_id": number, **{f"v_{name}": values[name] for name in names}} for number, values in some],
        )


def _differs(before: Any, after: Any) -> bool:
    return before is None or bytes(before) != bytes(after)
