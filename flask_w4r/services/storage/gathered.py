"""Numbers that many requests raise: gathered in the process, and written a few seconds later in one transaction.

What is not written yet when a process is killed is lost; so only what nobody is promised is counted like this.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from .unit_of_work import UnitOfWork, run

K = TypeVar("K")
#: Seconds between two writes of one process.
FLUSH_EVERY = 5.0
#: A database that stays away must not fill the memory: so many keys are kept, further ones are not.
_MOST_KEYS = 10_000


class Gathered(Generic[K]):
    """One process's counts that are not written yet.

    :param write: ``(work, counts)``: adds them to what is stored, in an order that all processes share.
    :param log: where it is said that the database is away.
    """

    def __init__(self, write: Callable[[UnitOfWork, Counter[K]], None], log: logging.Logger) -> None:
        self._write, self._log = write, log
        self._counts: Counter[K] = Counter()
        self._next = time.monotonic() + FLUSH_EVERY
        self._lock = threading.Lock()

    def add(self, app: Any, keys: Iterable[K]) -> None:
        """Raise some counts by one.

        :param app: the Flask app.
        """
        with self._lock:
            for key in keys:
                if key in self._counts or len(self._counts) < _MOST_KEYS:
                    self._counts[key] += 1
            due = time.monotonic() >= self._next
        if due:
            self.flush(app)

    def flush(self, app: Any) -> int:
        """Write what was counted. Never raises for a database that is away: it is tried later.

        :returns: how many counts were written.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
            self._next = time.monotonic() + FLUSH_EVERY
        if not taken:
            return 0
        try:
            run(app, lambda work: self._write(work, taken))
        except SQLAlchemyError as error:
            self._log.warning("counts not written (%s); trying again", type(error).__name__)
            with self._lock:
                self._counts.update(taken)
            return 0
        return len(taken)
