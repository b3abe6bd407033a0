"""A circuit breaker: after some failures in a row, stop asking a service for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Counts failures of something outside, and says when to leave it alone.

    :param failures: so many in a row open the breaker.
    :param pause: seconds it stays open; then one caller may try, and the others wait for what that one finds.
    """

    def __init__(self, failures: int, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._closed = True
        self._retry_at = 0.0

    def allows(self) -> bool:
        """Say whether to try now. A ``True`` on an open breaker is given to one caller a pause."""
        if self._closed:
            return True
        with self._lock:
            if self._closed:
                return True
            now = self._clock()
            if now < self._retry_at:
                return False
            self._retry_at = now + self._pause
            return True

    def succeeded(self) -> bool:
        """Note a success. Returns whether that closed an open breaker."""
        if self._closed and not self._count:
            return False
        with self._lock:
            was_open = not self._closed
            self._count = 0
            self._closed = True
            return was_open

    def failed(self) -> bool:
        """Note a failure. Returns whether that opened a closed breaker."""
        with self._lock:
            self._count += 1
            if self._count < self._limit:
                return False
            opened = self._closed
            self._closed = False
            self._retry_at = self._clock() + self._pause
            return opened
