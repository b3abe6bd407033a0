"""Is everybody forgotten who asked for it, in this database too?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...seam import Finding
from ...state import W4RState
from ..storage.unit_of_work import read
from . import ledger, ledger_file


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    path = state.config.erasure_ledger
    found = read(app, lambda session: ledger.problem(session, state))
    if found is not None:
        yield Finding("error", "erasures", found)
    elif path is None:
        yield Finding(
            "warn", "erasures",
            "set W4R_ERASURE_LEDGER to a file outside the database and its backups, so that a restored backup forgets again",
        )  # fmt: skip
    elif read(app, lambda session: ledger_file.behind(session, path)):
        yield Finding("error", "erasures", f"{path} lacks the last erasures; let the worker write there")
    else:
        yield Finding("ok", "erasures", "everybody who was erased is known to this database")
