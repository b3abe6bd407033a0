"""One upgrade at a time, on any of the three databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ...errors import SchemaError

#: Any number will do for PostgreSQL, if it is always the same: "w4r_".
ADVISORY_KEY = 0x7734725F
#: Another process may need this long for its upgrade, in seconds.
WAIT_SECONDS = 600
TOO_LONG = "another process has been changing the database for too long; find out which, then try again"


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that no other upgrade of the same database shares. Commits at the end.

    MariaDB commits by itself at every change of a table; the lock holds to the end there as well.

    :param engine: any engine of ours or of the host.
    :raises SchemaError: another process held the lock for :data:`WAIT_SECONDS`.
    """
    with engine.connect() as connection:
        lock = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mariadb, "mariadb": _mariadb}
        with lock[engine.dialect.name](connection):
            yield connection


@contextmanager
def _postgresql(connection: Connection) -> Iterator[None]:
    limit = text("SELECT set_config('lock_timeout', :limit, true)")
    with connection.begin():
        usual = connection.scalar(text("SELECT current_setting('lock_timeout')"))
        connection.execute(limit, {"limit": f"{WAIT_SECONDS}s"})
        try:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_KEY})"))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":
                raise SchemaError(TOO_LONG) from None
            raise
        connection.execute(limit, {"limit": usual})
        yield


@contextmanager
def _mariadb(connection: Connection) -> Iterator[None]:
    transaction = connection.begin()
    try:
        database = str(connection.scalar(text("SELECT DATABASE()")))
        # Locks are named across the whole server and their names are short.
        name = {"name": f"w4r_{hashlib.sha256(database.encode()).hexdigest()[:32]}"}
        if connection.scalar(text(f"SELECT GET_LOCK(:name, {WAIT_SECONDS})"), name) != 1:
            raise SchemaError(TOO_LONG)
        try:
            yield
            # Committed before the lock goes: the last stamp would be unseen by whoever waits for it.
            transaction.commit()
        finally:
            # A connection that broke took its lock with it.
            with suppress(DBAPIError):
                if transaction.is_active:
                    transaction.rollback()
                connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)
                connection.commit()
    finally:
        if transaction.is_active:
            transaction.rollback()


@contextmanager
def _sqlite(connection: Connection) -> Iterator[None]:
    raw: Any = connection.connection.dbapi_connection
    before = {pragma: _value(raw, f"PRAGMA {pragma}") for pragma in ("busy_timeout", "foreign_keys")}
    raw.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    # A revision that rebuilds a table drops the old one: with the keys enforced, its children would go too.
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        with _begun_for_writing(connection, raw):
            yield
    finally:
        for pragma, value in before.items():
            raw.execute(f"PRAGMA {pragma}={value}")


@contextmanager
def _begun_for_writing(connection: Connection, raw: Any) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(connection.begin())
            # Whatever the engine began with, the write lock is taken now and not in the middle.
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raw.execute("BEGIN IMMEDIATE")
        except connection.dialect.loaded_dbapi.OperationalError as error:
            raise SchemaError(f"{TOO_LONG} ({error})") from None
        yield


def _value(raw: Any, statement: str) -> int:
    row = raw.execute(statement).fetchone()
    return int(row[0]) if row else 0
