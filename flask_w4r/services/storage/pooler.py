"""A pooler between us and PostgreSQL that gives each transaction another connection, such as PgBouncer.

psycopg prepares a statement that it sends often, and a pooler that does not know of it answers that there is none, or that
there is one already. The first such answer tells us, and nothing is prepared on that pool's connections any more.
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
#: Pools behind which there is such a pooler.
_between: WeakSet[Pool] = WeakSet()


def is_lost_statement(error: BaseException | None) -> bool:
    """Whether a driver's error says that a prepared statement is not where it was made."""
    return getattr(error, "sqlstate", None) in _LOST


def note(engine: Engine, error: BaseException | None) -> bool:
    """Heed an error of the driver; returns whether it told of a pooler, so that trying again will do."""
    if is_lost_statement(error):
        _between.add(engine.pool)
        return True
    return False


def ready(engine: Engine, driver_connection: Any) -> None:
    """Have a connection prepare nothing where a pooler is known of."""
    if engine.pool in _between and hasattr(driver_connection, "prepare_threshold"):
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
        driver: Any = connection.connection.dbapi_connection
        prepares = driver.prepare_threshold is not None
        answered = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        # A pooler tells its clients numbers of its own.
        between = answered != driver.info.backend_pid
    if between and prepares and engine.pool not in _between:
        yield Finding(
            "warn",
            "database",
            "a pooler such as PgBouncer is in front of PostgreSQL; unless it pools by session, set"
            " SQLALCHEMY_ENGINE_OPTIONS = {'connect_args': {'prepare_threshold': None}}",
        )
