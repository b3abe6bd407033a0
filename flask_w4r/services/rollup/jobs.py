"""What the worker does of it: it signs the sections' numbers anew."""

from __future__ import annotations

from typing import Any

from ...errors import NotFound
from ...seam import Tools
from ...sections import Section
from ...state import get_state
from ..storage.unit_of_work import UnitOfWork, run
from . import aggregate

#: Seconds between two looks whether numbers changed.
SIGN_EVERY = 600.0


def sign_tallies(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Sign what is served of each section, where it changed. Returns how many were ``signed``."""
    state = get_state(app)
    private = state.config.signing_key
    signed = 0
    for section in state.sections.values() if private else ():
        signed += run(app, lambda work, section=section: _renew(work, section, private or ""))  # type: ignore[misc]
    return {"signed": signed}


def _renew(work: UnitOfWork, section: Section, private: str) -> bool:
    try:
        return aggregate.renew(work.session, section, private, now=work.state.clock())
    except NotFound:
        # No kit was imported yet.
        return False
