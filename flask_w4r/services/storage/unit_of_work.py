"""One short session of our own on the host's engine: commits once, then sends signals.

The host's session is never touched. Views, commands and tasks all go through :func:`run`, which also retries what a
busy database may ask to be retried (SQLite's lock, deadlocks of PostgreSQL and MariaDB).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from blinker import NamedSignal
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from ...state import W4RState, get_state
from . import pooler
from .prepared import Prepared, is_known, prepare

T = TypeVar("T")
RETRIES = 8
#: SQLite waits this long for another writer, in milliseconds.
SQLITE_BUSY_MS = 15_000
_RETRY_STATES = {"40001", "40P01"}  # serialization failure, deadlock (PostgreSQL)
#: MariaDB: lock wait, deadlock, record changed, no number to be had; no such savepoint, where a deadlock ended the
#: transaction that the savepoint was of.
_RETRY_CODES = {1205, 1213, 1020, 1467, 1305}


class UnitOfWork:
    """A session and the signals to send once it is committed."""

    def __init__(self, session: Session, state: W4RState) -> None:
        self.session = session
        self.state = state
        self._signals: list[tuple[NamedSignal, dict[str, Any]]] = []

    def emit(self, signal: NamedSignal, **ids: Any) -> None:
        """Send ``signal`` with these ids after commit."""
        self._signals.append((signal, ids))

    def tell(self) -> None:
        """Let those who must not miss any signal write it down. Called once, just before commit."""
        if self._signals and self.state.seam.told:
            emitted = [(signal.name.removeprefix("w4r."), ids) for signal, ids in self._signals]
            for tell in self.state.seam.told:
                tell(self, emitted)

    def send_signals(self, app: Any) -> None:
        """Send what was emitted. Called once, after commit."""
        for signal, ids in self._signals:
            signal.send(app, **ids)


def prepare_engine(engine: Engine) -> tuple[Engine, Engine]:
    """Return the engines for writing and for reading on the host's connection pool.

    SQLite: WAL, ``BEGIN IMMEDIATE`` for writers, a long busy wait. MariaDB: READ COMMITTED, so that a read after a
    conflict sees the other writer's row. PostgreSQL: readers commit by themselves, which saves the round trips around
    a transaction and nothing is lost, since READ COMMITTED sees each statement's own moment anyway. Only our own
    sessions behave so; the host's engine is left as it is.
    """
    if engine.dialect.name == "sqlite":
        reader = engine.execution_options(isolation_level="AUTOCOMMIT")
        writer = engine.execution_options(isolation_level="AUTOCOMMIT")

        @event.listens_for(writer, "begin")
        def begin_immediate(connection: Connection) -> None:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
            cursor.execute("BEGIN IMMEDIATE")
            cursor.close()

        with reader.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        return writer, reader
    if engine.dialect.name in ("mysql", "mariadb"):
        committed = engine.execution_options(isolation_level="READ COMMITTED")
        return committed, committed
    if engine.dialect.name == "postgresql":
        pooler.heed(engine)
        return engine, engine.execution_options(isolation_level="AUTOCOMMIT")
    return engine, engine


def is_transient(error: BaseException) -> bool:
    """Whether trying the same transaction again may succeed."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    if getattr(error.orig, "sqlstate", None) in _RETRY_STATES or pooler.is_lost_statement(error.orig):
        return True
    if error.orig.args and error.orig.args[0] in _RETRY_CODES:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


@contextmanager
def unit_of_work(app: Any, *, read_only: bool = False) -> Iterator[UnitOfWork]:
    """Open a session, commit once at the end, then send signals. Rolls back on any error.

    :param app: the Flask app; its engine and clock are used, its session is not.
    :param read_only: nothing will be written: no write lock is taken and nothing is committed.
    """
    state = get_state(app)
    writer, reader = state.engines(app)
    with Session(reader if read_only else writer, expire_on_commit=False) as session:
        work = UnitOfWork(session, state)
        yield work
        if not read_only:
            work.tell()
            session.commit()
    work.send_signals(app)


def run(app: Any, function: Callable[[UnitOfWork], T]) -> T:
    """Run ``function`` in one unit of work; try again when the database asks for it.

    ``function`` may run several times; it must do nothing but use the session it is given.
    """

    def attempt() -> T:
        with unit_of_work(app) as work:
            return function(work)

    return _persist(attempt)


def run_statement(app: Any, statement: Any, parameters: Mapping[str, Any]) -> int:
    """Run one statement that is a transaction of its own; try again when the database asks for it.

    PostgreSQL commits it by itself, without the round trips around a transaction.

    :param statement: always the same object for the same statement.
    :returns: how many rows it wrote.
    """
    writer, reader = get_state(app).engines(app)
    if is_known(writer.dialect):
        known = _prepared(statement, reader.dialect)
        return _persist(lambda: straight(reader, lambda send: int(send(known.sql, known.fill(parameters)).rowcount)))

    def attempt() -> int:
        # Without the option some drivers' row count is gone once the cursor of an INSERT is closed.
        with writer.begin() as connection:
            return connection.execute(statement, parameters, execution_options={"preserve_rowcount": True}).rowcount

    return _persist(attempt)


@lru_cache(maxsize=64)
def _prepared(statement: Any, dialect: Dialect) -> Prepared:
    return prepare(statement, dialect)


#: Sends a statement, a transaction of its own, and returns a cursor, to be read before the next is sent.
Send = Callable[[str, Mapping[str, Any]], Any]


def straight(engine: Engine, function: Callable[[Send], T]) -> T:
    """Run ``function`` with a way to send statements straight to the driver (PostgreSQL).

    What SQLAlchemy does around a statement costs as much as a signature does. Where somebody listens to the engine's
    statements they go the usual way.

    :param engine: in autocommit mode.
    :param function: may run twice: a pooler between us and the database is learned of by an answer of its own.
    :raises DBAPIError: as SQLAlchemy raises it.
    """
    try:
        return _straight(engine, function)
    except DBAPIError as error:
        if not pooler.note(engine, error.orig):
            raise
        return _straight(engine, function)


def _straight(engine: Engine, function: Callable[[Send], T]) -> T:
    if engine.dispatch.before_cursor_execute or engine.dispatch.after_cursor_execute:
        with engine.connect() as connection:
            return function(lambda sql, parameters: connection.exec_driver_sql(sql, dict(parameters)))
    dialect = engine.dialect
    pooled = engine.raw_connection()
    sent = ""
    try:
        driver: Any = pooled.driver_connection
        pooler.ready(engine, driver)
        before = driver.autocommit
        driver.autocommit = True
        cursor = driver.cursor()

        def send(sql: str, parameters: Mapping[str, Any]) -> Any:
            nonlocal sent
            sent = sql
            return cursor.execute(sql, parameters)

        found = function(send)
        cursor.close()
        driver.autocommit = before
        return found
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, pooled, None)
        pooled.invalidate(error)
        if gone:
            # The others in the pool went with it.
            engine.dispose()
        raise DBAPIError.instance(
            sent,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=dialect,
        ) from error
    except BaseException as error:
        # Whatever it was, the host must not get a connection in another mode than it left it in.
        pooled.invalidate(error)
        raise
    finally:
        pooled.close()


def _persist(attempt: Callable[[], T]) -> T:
    for number in range(RETRIES):
        try:
            return attempt()
        except DBAPIError as error:
            if number == RETRIES - 1 or not is_transient(error):
                raise
            # The pause is the database's own request: it ends a deadlock between writers.
            time.sleep(random.uniform(0.005, 0.02 * (number + 1)))
    raise AssertionError("unreachable")


def read(app: Any, function: Callable[[Session], T]) -> T:
    """Run ``function`` with a session that only reads; try again like :func:`run`."""

    def attempt() -> T:
        with unit_of_work(app, read_only=True) as work:
            return function(work.session)

    return _persist(attempt)
