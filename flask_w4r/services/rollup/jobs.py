"""What the worker does of it: it signs the sections' numbers anew."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...errors import NotFound
from ...seam import Tools
from ...sections import Section
from ...state import get_state
from ..storage.unit_of_work import UnitOfWork, read, run
from . import aggregate

#: Seconds between two looks whether numbers changed.
SIGN_EVERY = 600.0


def sign_tallies(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Sign what is served of each section, where it changed. Returns how many were ``signed``."""
    state = get_state(app)
    private = state.config.signing_key
    now, signed = state.clock(), 0
    for section in state.sections.values() if private is not None else ():
        try:
            is_due = read(app, partial(aggregate.is_due, section=section, now=now))
        except NotFound:
            # No kit was imported yet.
            continue
        if is_due:
            run(app, partial(_sign, section=section, private=private or ""))
            signed += 1
    return {"signed": signed}


def _sign(work: UnitOfWork, section: Section, private: str) -> None:
    aggregate.sign_tally(work.session, section, private, now=work.state.clock())
