"""Waking the worker: on PostgreSQL whoever wrote something for it rings, elsewhere it looks twice a second."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from threading import Event
from typing import Any

from ...state import get_state
from .prepared import is_known
from .unit_of_work import straight

log = logging.getLogger("flask_w4r.jobs")

CHANNEL = "w4r_work"
#: Seconds between two looks at what waits, whoever rings.
LOOK = 0.5
#: A process rings no more often than this, in seconds: a worker that was woken a moment ago looks again by itself.
APART = 0.2
#: Seconds until a connection that broke is tried again.
_AGAIN = 30.0


class _Rung:
    def __init__(self) -> None:
        self.tick = 0.0
        self.lock = threading.Lock()


def ring(app: Any) -> None:
    """Tell the workers that something waits. Never raises: they look by themselves a moment later."""
    state = get_state(app)
    _, reader = state.engines(app)
    if not is_known(reader.dialect):
        return
    last: _Rung = state.once("worker_rung", _Rung)
    with last.lock:
        if time.monotonic() - last.tick < APART:
            return
        last.tick = time.monotonic()
    try:
        straight(reader, lambda send: send(f"NOTIFY {CHANNEL}", {}))
    except Exception as error:
        log.info("the worker was not rung (%s)", type(error).__name__)


class Bell:
    """What a worker waits by. Where the driver can listen (psycopg 3), it has a connection of its own for it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._pooled: Any = None
        self._next_try = 0.0

    def wait(self, seconds: float, stop: Event) -> None:
        """Wait until somebody rings, ``stop`` is set (seen within :data:`LOOK`), or time is over."""
        if not self._listens():
            stop.wait(seconds)
            return
        connection = self._pooled.dbapi_connection
        until = time.monotonic() + seconds
        try:
            while not stop.is_set() and (left := until - time.monotonic()) > 0:
                if any(True for _ in connection.notifies(timeout=min(left, LOOK), stop_after=1)):
                    return
        except Exception as error:
            log.info("listening for work ended (%s); looking instead", type(error).__name__)
            self.close()
            stop.wait(max(0.0, until - time.monotonic()))

    def _listens(self) -> bool:
        if self._pooled is not None or time.monotonic() < self._next_try:
            return self._pooled is not None
        self._next_try = time.monotonic() + _AGAIN
        _, engine = get_state(self._app).engines(self._app)
        if engine.dialect.name != "postgresql" or engine.dialect.driver != "psycopg":
            self._next_try = float("inf")
            return False
        try:
            self._pooled = engine.raw_connection()
            # Out of the host's pool: it is held as long as the worker runs.
            self._pooled.detach()
            self._pooled.dbapi_connection.autocommit = True
            self._pooled.dbapi_connection.execute(f"LISTEN {CHANNEL}")
        except Exception as error:
            log.info("cannot listen for work (%s); looking instead", type(error).__name__)
            self.close()
        return self._pooled is not None

    def close(self) -> None:
        """Let the connection go."""
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            with suppress(Exception):
                pooled.close()
