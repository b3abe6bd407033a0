"""Small helpers for statements that change many rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from sqlalchemy import CursorResult, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session


def execute(session: Session, statement: Any) -> int:
    """Run an UPDATE or DELETE; return how many rows it met."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def among(session: Session, column: Any, values: Collection[Any]) -> Any:
    """The condition that a column has one of many values.

    PostgreSQL takes them as one array: as many parameters cost SQLAlchemy and the driver more than the answer does.

    :param column: an attribute of a model.
    """
    if session.get_bind().dialect.name != "postgresql":
        return column.in_(values)
    return column == any_(literal(list(values), ARRAY(column.type)))


def can_skip_locked(session: Session) -> bool:
    """Whether the database can pass over rows that others hold (SQLite has one writer, so there are none)."""
    dialect = session.get_bind().dialect
    if dialect.name not in ("mysql", "mariadb"):
        return True
    version = getattr(dialect, "server_version_info", None) or (0,)
    return version >= ((10, 6) if getattr(dialect, "is_mariadb", False) else (8, 0))
