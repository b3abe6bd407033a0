"""What a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's contribution.

    ``hold`` holds the signature whatever the total score. ``detail`` says how it came about, in numbers only, such as
    ``{"count": 80, "usual": 45}``: nothing in it can name anybody.
    """

    check: str
    score: int = 0
    hold: bool = False
    detail: Mapping[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the finding as ``Signature.reasons`` stores it."""
        stored: dict[str, Any] = {"check": self.check, "score": self.score, "hold": self.hold}
        if self.detail:
            stored["detail"] = dict(self.detail)
        return stored
