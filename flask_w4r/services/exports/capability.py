"""By what exports hang themselves into the rest. Each capability brings its own files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...seam import Capability, Finding
from ...state import W4RState


def _check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    if "moderation" not in state.config.features:
        return
    if state.hooks.confirm_identity is None:
        text = "nobody has to prove who they are before they take data away: register W4R.confirm_identity"
        yield Finding("warn", "exports", text)
    for section in state.sections.values():
        found = state.config.recipients_of(section.code)
        if not found:
            yield Finding("warn", "exports", f"{section.code}: exports are not encrypted: set W4R_EXPORT_RECIPIENTS")
        else:
            yield Finding("ok", "exports", f"{section.code}: exports are encrypted for {len(found)} recipient(s)")


CAPABILITY = Capability(
    "exports",
    checks=(_check,),
    pages="flask_w4r.blueprints.exports",
    commands={"export": "flask_w4r.cli.exports:export"},
)
