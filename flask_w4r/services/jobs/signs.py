"""Whether a worker runs: it leaves a sign of life now and then, and its absence is told to staff."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import WorkerSign
from ...seam import Finding
from ...state import W4RState, get_state
from ..storage.unit_of_work import read, run
from ..storage.upsert import upsert

#: Seconds between two signs of one process.
EVERY = 20.0
#: Seconds without a sign after which no worker runs.
LATE = 300
_NAME = "jobs"


class _Last:
    """When this process left its last sign, by the machine's clock."""

    def __init__(self) -> None:
        self.tick = -EVERY
        self.lock = threading.Lock()


def leave(app: Any) -> None:
    """Leave a sign of life, unless this process did so a moment ago."""
    state = get_state(app)
    last: _Last = state.once("worker_sign", _Last)
    with last.lock:
        if time.monotonic() - last.tick < EVERY:
            return
        last.tick = time.monotonic()
    now = state.clock()
    table = WorkerSign.__table__
    values = {"name": _NAME, "seen_at": now}
    run(app, lambda uow: upsert(uow.session, table, values, ["name"], {"seen_at": now}))


def last_seen(session: Session) -> datetime | None:
    """When a worker last left a sign; ``None`` where none ever did."""
    return session.scalar(select(WorkerSign.seen_at).where(WorkerSign.name == _NAME))


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    seen = read(app, last_seen)
    if seen is None:
        yield Finding("warn", "worker", "no worker has run yet; start 'flask w4r jobs run'")
    elif (age := (state.clock() - seen).total_seconds()) > LATE:
        yield Finding("error", "worker", f"no worker has run for {age:.0f} s; start 'flask w4r jobs run'")
    else:
        yield Finding("ok", "worker", "a worker is running")
