"""The one statement that writes a signature, or replaces a pending one, on each database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Boolean, and_, bindparam, literal_column, or_, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ...models import Case, Signature

#: What a new version of a pending signature takes over from what was typed now.
_REPLACED = (
    "state", "name_index", "details_index", "person", "withhold_name", "newsletter", "locale", "held_at", "held_for",
    "released_at", "reasons", "score", "captcha", "net_day", "net_host", "net_site", "net_block", "mail_domain", "updated_at", "confirmed_at",
)  # fmt: skip
_TABLE: Any = Signature.__table__
#: Reported as the last insert id where a row was already there; no real id comes near it.
_DUPLICATE = 2**62
_KEY = ("case_id", "email_index", "slot")
_COLUMNS = tuple(column.name for column in _TABLE.columns if column.name != "id")
_ACTIVE = select(Case.id).where(
    Case.id == bindparam("case_id"), Case.section == bindparam("section"), Case.status == "active"
)


class SignedRow(NamedTuple):
    """The row that was written, and which version of it."""

    id: int
    version: int


def _row_if_active(*conditions: Any) -> Any:
    """The new row, as a SELECT that yields it only while the case is active."""
    values = [bindparam(name, type_=_TABLE.c[name].type) for name in _COLUMNS]
    return select(*values).where(
        Case.id == bindparam("case_id"),
        Case.section == bindparam("section"),
        Case.status == literal_column("'active'"),
        *conditions,
    )


@cache
def _upsert_statement(dialect: str) -> Any:
    return postgres_upsert() if dialect == "postgresql" else _upsert(sqlite.insert)


def postgres_upsert(*conditions: Any) -> Any:
    """The statement for PostgreSQL: it returns the row's id and version, or nothing.

    :param conditions: more that must hold for anything to be written.
    """
    return _upsert(postgresql.insert, *conditions)


def _upsert(insert: Any, *conditions: Any) -> Any:
    statement = insert(_TABLE).from_select(list(_COLUMNS), _row_if_active(*conditions), include_defaults=False)
    changed = or_(
        _TABLE.c.details_index != statement.excluded.details_index,
        # Nothing but the proof of the mailbox changed.
        statement.excluded.state != literal_column("'pending'"),
        _TABLE.c.updated_at < bindparam("stale", type_=_TABLE.c.updated_at.type),
    )
    return statement.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={**{name: statement.excluded[name] for name in _REPLACED}, "version": _TABLE.c.version + 1},
        where=and_(_TABLE.c.state == "pending", changed, bindparam("replace", True, type_=Boolean)),
    ).returning(_TABLE.c.id, _TABLE.c.version)


@cache
def _mariadb_statements() -> tuple[Any, Any]:
    table = _TABLE
    # Not INSERT ... SELECT, which locks the table's numbering to its end: two presses of one address then deadlock.
    insert = (
        mysql.insert(_TABLE).values({name: bindparam(name, type_=table.c[name].type) for name in _COLUMNS}).inline()
    )
    # A duplicate is left as it is; the update below decides. LAST_INSERT_ID tells the two apart.
    insert = insert.on_duplicate_key_update(
        id=literal_column(f"IF(LAST_INSERT_ID({_DUPLICATE}), w4r_signature.id, w4r_signature.id)")
    )
    key = and_(*(table.c[name] == bindparam(f"k_{name}", type_=table.c[name].type) for name in _KEY))
    changed = or_(
        table.c.details_index != bindparam("k_details", type_=table.c.details_index.type),
        bindparam("v_state", type_=table.c.state.type) != literal_column("'pending'"),
        table.c.updated_at < bindparam("stale", type_=table.c.updated_at.type),
    )
    replace = (
        update(table)
        .where(key, table.c.state == "pending", changed)
        .values(
            {name: bindparam(f"v_{name}", type_=table.c[name].type) for name in _REPLACED}
            | {"version": table.c.version + 1}
        )
    )
    return insert, replace


def write_signature(
    session: Session, values: Mapping[str, Any], *, stale: datetime, replace: bool = True
) -> SignedRow | None:
    """Insert a signature, or make a new version of the pending one by the same address.

    :param values: every column but ``id``.
    :param stale: a pending signature with the very same details is left alone unless last touched before this.
    :param replace: a pending signature in the way may be replaced.
    :returns: the row written, or ``None``: the case is not active, or the address has signed and nothing changed.
    """
    dialect = session.get_bind().dialect.name
    if dialect in ("mysql", "mariadb"):
        return _write_mariadb(session, values, stale, replace=replace)
    row = session.execute(_upsert_statement(dialect), {**values, "stale": stale, "replace": replace}).first()
    return SignedRow(row[0], row[1]) if row else None


def _write_mariadb(session: Session, values: Mapping[str, Any], stale: datetime, *, replace: bool) -> SignedRow | None:
    insert, new_version = _mariadb_statements()
    options = {"preserve_rowcount": True}
    if session.execute(_ACTIVE, {"case_id": values["case_id"], "section": values["section"]}).first() is None:
        return None
    number = session.execute(insert, dict(values), execution_options=options).lastrowid  # type: ignore[attr-defined]
    if number != _DUPLICATE:
        return SignedRow(number, 1)
    if not replace:
        return None
    params = {f"k_{name}": values[name] for name in _KEY} | {f"v_{name}": values[name] for name in _REPLACED}
    changed = session.execute(
        new_version, {**params, "k_details": values["details_index"], "stale": stale}, execution_options=options
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        return None
    row = session.execute(
        select(Signature.id, Signature.version).where(*(getattr(Signature, name) == values[name] for name in _KEY))
    ).one()
    return SignedRow(row[0], row[1])
