"""A pooler between us and PostgreSQL that gives each transaction another connection, such as PgBouncer.

psycopg prepares a statement that it sends often. Behind a pooler that does not know of it another client may have prepared
another one under that name: there is none, or it takes other parameters, or, worst, it takes the same. So each pool's first
connection is asked whether it leads to the database itself; where it does not, nothing is prepared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.pool import Pool

from ...seam import Finding
from ...state import W4RState

#: invalid_sql_statement_name, duplicate_prepared_statement.
_LOST = {"26000", "42P05"}
#: protocol_violation: "bind message supplies 5 parameters, but prepared statement ... requires 26".
_OTHER = "08P01"
#: Pools that were asked; those whose host was not told to prepare nothing; and those behind which there is such a pooler.
_asked: WeakSet[Pool] = WeakSet()
_prepares: WeakSet[Pool] = WeakSet()
_between: WeakSet[Pool] = WeakSet()


def is_lost_statement(error: BaseException | None) -> bool:
    """Whether a driver's error says that a prepared statement is not where it was made."""
    state = getattr(error, "sqlstate", None)
    return state in _LOST or (state == _OTHER and "prepared statement" in str(error))


def is_between(driver_connection: Any) -> bool:
    """Whether a connection of psycopg leads to a pooler: it tells its clients process numbers of its own."""
    was_idle = driver_connection.info.transaction_status == 0
    with driver_connection.cursor() as cursor:
        (answered,) = cursor.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    if was_idle and not driver_connection.autocommit:
        driver_connection.rollback()
    return bool(answered != driver_connection.info.backend_pid)


def note(engine: Engine, error: BaseException | None) -> bool:
    """Heed an error of the driver; returns whether it told of a pooler, so that trying again will do."""
    if is_lost_statement(error):
        _between.add(engine.pool)
        return True
    return False


def ready(engine: Engine, driver_connection: Any) -> None:
    """Have a connection prepare nothing where there is a pooler."""
    if not hasattr(driver_connection, "prepare_threshold"):
        return
    if engine.pool not in _asked:
        _asked.add(engine.pool)
        if driver_connection.prepare_threshold is not None:
            _prepares.add(engine.pool)
        if is_between(driver_connection):
            _between.add(engine.pool)
    if engine.pool in _between:
        driver_connection.prepare_threshold = None


def heed(engine: Engine) -> None:
    """Look out for a pooler on an engine of ours and on all made of it."""

    @event.listens_for(engine, "engine_connect")
    def prepare_nothing(connection: Connection) -> None:
        ready(engine, connection.connection.dbapi_connection)

    @event.listens_for(engine, "handle_error")
    def learn(context: ExceptionContext) -> None:
        note(engine, context.original_exception)


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``: is there a pooler, and does the host's engine know?"""
    _, engine = state.engines(app)
    if engine.dialect.name != "postgresql" or engine.dialect.driver != "psycopg":
        return
    with engine.connect() as connection:
        between = is_between(connection.connection.dbapi_connection)
    if between and engine.pool in _prepares:
        yield Finding(
            "warn",
            "database",
            "a pooler such as PgBouncer is in front of PostgreSQL; unless it pools by session, set"
            " SQLALCHEMY_ENGINE_OPTIONS = {'connect_args': {'prepare_threshold': None}}",
        )
