"""Are our tables there, and at the revision of this version?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...seam import Finding
from ...state import W4RState
from . import schema


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    writer, reader = state.engines(app)
    status = schema.status(reader)
    if status.state == "current":
        yield Finding("ok", "database", f"{writer.dialect.name}, tables at {status.current}")
    else:
        yield Finding("error", "database", f"tables are {status.state}; run 'flask w4r db upgrade'")
    if writer.dialect.name == "sqlite" and not (app.debug or app.testing):
        yield Finding("warn", "database", "SQLite takes one writer at a time; PostgreSQL suits a busy day better")
