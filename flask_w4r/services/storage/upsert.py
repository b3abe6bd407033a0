"""Inserts that meet a row already there, in one statement, on SQLite, PostgreSQL and MariaDB.

One statement, never read-then-insert: two writers of the same key wait for each other in the database and the later
one learns that it came second, without an error that would end its transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, FromClause, Table, func
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

# MariaDB counts an untouched duplicate as one affected row when the client asks for found rows, as SQLAlchemy's
# connections do, so the row count cannot tell it from an insert. LAST_INSERT_ID(n) can: the server reports n.
_DUPLICATE = 2**62


def insert_ignore(session: Session, table: FromClause, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one of the table's unique keys is taken.

    The row in the way is locked on MariaDB and waited for everywhere, so what it holds can be read right after.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables (``Model.__table__``).
    :param values: the new row's columns.
    :returns: whether the row was inserted.
    """
    target = cast(Table, table)
    dialect = session.get_bind().dialect.name
    if dialect in ("mysql", "mariadb"):
        key = next(iter(target.primary_key.columns))
        statement: Any = mysql.insert(target).values(values).inline()
        statement = statement.on_duplicate_key_update({key.name: func.if_(func.last_insert_id(_DUPLICATE), key, key)})
        return _execute(session, statement).lastrowid != _DUPLICATE
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return _execute(session, insert(target).values(values).inline().on_conflict_do_nothing()).rowcount == 1


def insert_new(session: Session, table: FromClause, values: Mapping[str, Any]) -> int | None:
    """Insert a row with a numbered primary key unless one of the table's unique keys is taken.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables whose only primary key column numbers itself.
    :param values: the new row's columns.
    :returns: the new row's id, or ``None`` when another row was in the way.
    """
    target = cast(Table, table)
    key = next(iter(target.primary_key.columns))
    dialect = session.get_bind().dialect.name
    if dialect in ("mysql", "mariadb"):
        statement: Any = mysql.insert(target).values(values).inline()
        statement = statement.on_duplicate_key_update({key.name: func.if_(func.last_insert_id(_DUPLICATE), key, key)})
        number = _execute(session, statement).lastrowid
        return None if number == _DUPLICATE else int(number)
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    result = session.execute(insert(target).values(values).on_conflict_do_nothing().returning(key))
    return cast("int | None", result.scalar_one_or_none())


def insert_missing(session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert those of some rows whose unique keys are free, in one go.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables.
    :param rows: the new rows, all with the same columns.
    :returns: how many were inserted.
    """
    if not rows:
        return 0
    # As many sets of parameters: a statement with all values in it would be compiled anew for each number of rows, and
    # reading it costs psycopg ten times what sending the sets does.
    return _execute(session, _ignoring(_dialect(session), table).inline(), [dict(row) for row in rows]).rowcount


def insert_selected(session: Session, table: FromClause, columns: Sequence[str], rows: Any) -> int:
    """Insert those of the rows of a query whose unique keys are free, in one statement.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables.
    :param columns: which of its columns the query gives, in order.
    :param rows: a ``select`` with a condition.
    :returns: how many were inserted.
    """
    return _execute(
        session, _ignoring(_dialect(session), table).from_select(list(columns), rows, include_defaults=False)
    ).rowcount


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


# The same objects each time: making a statement costs more than sending it.
@lru_cache(maxsize=64)
def _ignoring(dialect: str, table: FromClause) -> Any:
    target = cast(Table, table)
    if dialect in ("mysql", "mariadb"):
        # Rows that are ignored are neither counted nor returned; with ON DUPLICATE KEY UPDATE they would be.
        return mysql.insert(target).prefix_with("IGNORE")
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(target).on_conflict_do_nothing()


def insert_fresh(session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]], *returning: Any) -> list[Any]:
    """Insert those of some narrow rows whose unique keys are free, in few statements, and say which they were.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables.
    :param rows: the new rows, all with the same columns.
    :param returning: columns that tell the rows apart.
    :returns: these columns of the rows that were inserted, in no particular order.
    """
    if not rows:
        return []
    return list(session.execute(_telling(_dialect(session), table, returning), [dict(row) for row in rows]).all())


@lru_cache(maxsize=64)
def _telling(dialect: str, table: FromClause, returning: tuple[Any, ...]) -> Any:
    return _ignoring(dialect, table).returning(*returning)


def upsert(
    session: Session,
    table: FromClause,
    values: Mapping[str, Any],
    conflict_columns: Sequence[str],
    update: Mapping[str, Any],
) -> None:
    """Insert a row, or change the one that is in the way.

    :param session: the session to use; nothing is flushed or committed.
    :param table: one of our tables.
    :param values: the new row's columns.
    :param conflict_columns: the unique key that may be taken. MariaDB goes by any unique key of the table.
    :param update: what to set on the row in the way: values, or expressions over its columns such as
        ``table.c.count + 1``. Not empty.
    """
    target = cast(Table, table)
    dialect = session.get_bind().dialect.name
    if dialect in ("mysql", "mariadb"):
        session.execute(mysql.insert(target).values(values).inline().on_duplicate_key_update(dict(update)))
        return
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement: Any = insert(target).values(values).inline()
    session.execute(statement.on_conflict_do_update(index_elements=list(conflict_columns), set_=dict(update)))


def add_up(
    session: Session, table: FromClause, rows: Sequence[Mapping[str, Any]], conflict_columns: Sequence[str], column: str
) -> None:
    """Insert counts, or add each to the one that is in the way, in one go.

    :param rows: the new rows, all with the same columns, in an order that all writers share; no two of one key.
    :param conflict_columns: the unique key that may be taken.
    :param column: the count.
    """
    if not rows:
        return
    statement = _adding(_dialect(session), table, tuple(conflict_columns), column)
    session.execute(statement, [dict(row) for row in rows])


@lru_cache(maxsize=64)
def _adding(dialect: str, table: FromClause, conflict_columns: tuple[str, ...], column: str) -> Any:
    target = cast(Table, table)
    if dialect in ("mysql", "mariadb"):
        statement: Any = mysql.insert(target).inline()
        return statement.on_duplicate_key_update({column: target.c[column] + statement.inserted[column]})
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(target).inline()
    added = {column: target.c[column] + statement.excluded[column]}
    return statement.on_conflict_do_update(index_elements=list(conflict_columns), set_=added)


def _execute(session: Session, statement: Any, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
    # Without the option some drivers' row count is gone once the cursor of an INSERT is closed.
    options = {"preserve_rowcount": True}
    return cast("CursorResult[Any]", session.execute(statement, rows, execution_options=options))
