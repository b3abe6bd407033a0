"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's contribution. ``hold`` holds the signature whatever the total score."""

    check: str
    score: int = 0
    hold: bool = False
