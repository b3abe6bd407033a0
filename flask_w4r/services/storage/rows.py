"""Small helpers for statements that change many rows."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.orm import Session


def execute(session: Session, statement: Any) -> int:
    """Run an UPDATE or DELETE; return how many rows it met."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount


def can_skip_locked(session: Session) -> bool:
    """Whether the database can pass over rows that others hold (SQLite has one writer, so there are none)."""
    dialect = session.get_bind().dialect
    if dialect.name not in ("mysql", "mariadb"):
        return True
    version = getattr(dialect, "server_version_info", None) or (0,)
    return version >= ((10, 6) if getattr(dialect, "is_mariadb", False) else (8, 0))
