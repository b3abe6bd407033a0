"""Small helpers for statements that change many rows."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.orm import Session


def execute(session: Session, statement: Any) -> int:
    """Run an UPDATE or DELETE; return how many rows it met."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
