"""How long what is kept: the sweep that asks every capability for its rules, and lets go of what is over."""

from __future__ import annotations

from typing import Any

from ...seam import Retention, Sweep, Tools
from ...state import get_state
from ..storage.unit_of_work import run

#: Seconds between two sweeps.
PURGE_EVERY = 3600.0


def purge(app: Any, tools: Tools | None = None) -> dict[str, Any]:
    """Let go of what is over, by the rules of all capabilities; what could be much goes in pieces.

    :returns: how many of each went, by the rule's name.
    """
    state = get_state(app)
    sweep = Sweep(state.keyring, tuple(state.sections.values()), state.config.retention, state.clock())
    gone = {}
    for name, rule in state.seam.retention.items():
        count = gone[name] = _piece(app, rule, sweep)
        # In pieces, so that no transaction holds many rows for long.
        while rule.in_pieces and count and (tools is None or not tools.stop.is_set()):
            count = _piece(app, rule, sweep)
            gone[name] += count
        if tools is not None and tools.stop.is_set():
            break
    return gone


def _piece(app: Any, rule: Retention, sweep: Sweep) -> int:
    return run(app, lambda work: rule.sweep(work.session, sweep))
