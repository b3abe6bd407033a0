"""Time, injected, so that a test or a simulation can move it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Returns the current moment as an aware UTC datetime."""

    def __call__(self) -> datetime: ...


def system_clock() -> datetime:
    """Return the current UTC time."""
    return datetime.now(UTC)
