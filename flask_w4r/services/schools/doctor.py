"""What the doctor says of schools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...seam import Finding


def check(app: Any, state: Any) -> Iterator[Finding]:
    """Names of pupils where nobody says who minds them."""
    if "schools" not in state.config.features:
        return
    for section in state.sections.values():
        if section.class_mode == "names" and not section.privacy_url:
            yield Finding(
                "warn", "schools",
                f"{section.code} asks pupils for first names and ages and has no privacy notice: set its privacy_url, or"
                " class_mode to 'teacher'",
            )  # fmt: skip
