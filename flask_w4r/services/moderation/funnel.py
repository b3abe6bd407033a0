"""How many opened the form: counted in the process, and added to the hour's numbers a few seconds later.

It counts what the server was asked for (a form's page or its tokens), without telling visitors apart.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ...sections import Section
from ...state import get_state
from ..storage.unit_of_work import UnitOfWork, run
from . import pulse

log = logging.getLogger("flask_w4r.funnel")

#: Seconds between two writes of one process.
FLUSH_EVERY = 5.0
#: A database that stays away must not fill the memory: so many hours and cases are kept, further ones are not.
_MOST_KEYS = 10_000

_Key = tuple[str, datetime, int]


class Opened:
    """One process's forms opened and not yet written."""

    def __init__(self) -> None:
        self._counts: Counter[_Key] = Counter()
        self._next = time.monotonic() + FLUSH_EVERY
        self._lock = threading.Lock()

    def note(self, app: Any, section: Section, case_id: int | None) -> None:
        """A form was opened.

        :param app: the Flask app.
        :param section: whose form.
        :param case_id: the case it is for; ``None`` for the form for several.
        """
        hour = pulse.hour_of(get_state(app).clock())
        with self._lock:
            for number in {case_id or pulse.WHOLE_SECTION, pulse.WHOLE_SECTION}:
                key = (section.code, hour, number)
                if key in self._counts or len(self._counts) < _MOST_KEYS:
                    self._counts[key] += 1
            due = time.monotonic() >= self._next
        if due:
            self.flush(app)

    def flush(self, app: Any) -> int:
        """Add what was counted to the hour's numbers. Never raises for a database that is away: it is tried later.

        :returns: how many counts were written.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
            self._next = time.monotonic() + FLUSH_EVERY
        if not taken:
            return 0
        try:
            # In the order of the key, so that two processes do not wait for each other in a ring.
            run(app, partial(_write, taken=taken))
        except SQLAlchemyError as error:
            log.warning("forms opened not counted (%s); trying again", type(error).__name__)
            with self._lock:
                self._counts.update(taken)
            return 0
        return len(taken)


def _write(work: UnitOfWork, taken: Counter[_Key]) -> None:
    for key in sorted(taken):
        pulse.add_opened(work.session, *key, taken[key])


def opened(app: Any) -> Opened:
    """The count of this process for an app."""
    found: Opened = get_state(app).once("forms_opened", Opened)
    return found
