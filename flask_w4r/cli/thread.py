"""``W4R_JOBS = "thread"``: the worker as a thread of the web process, for a site of one process whose platform runs no other."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Any

from ..services.jobs import rounds
from ..state import get_state
from .jobs import tools_for

#: Seconds between two looks for what is due; what somebody waits for is seen to within half a second.
INTERVAL = 2.0
#: Seconds that the end of the process waits for what is in hand.
_PATIENCE = 10.0


class EmbeddedWorker:
    """Starts the thread at a process' first request: threads do not outlive a fork, so not before.

    :param app: the Flask app.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._process: int | None = None
        self._lock = threading.Lock()
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it unless this process has it."""
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process == os.getpid():
                return
            self._process, self.stop = os.getpid(), threading.Event()
            self.thread = threading.Thread(target=self._run, args=(self.stop,), name="w4r-jobs", daemon=True)
            self.thread.start()
            atexit.register(self.end)

    def end(self) -> None:
        """Have it end after what is in hand."""
        self.stop.set()
        if self.thread is not None:
            self.thread.join(_PATIENCE)

    def _run(self, stop: threading.Event) -> None:
        rounds.run_until_stopped(self._app, tools_for(self._app, stop=stop), interval=INTERVAL)


def embedded_worker(app: Any) -> EmbeddedWorker:
    """The app's, started or not."""
    found: EmbeddedWorker = get_state(app).once("embedded_worker", lambda: EmbeddedWorker(app))
    return found


def start_with_first_request(app: Any) -> None:
    """Have each process of the site start its thread with the first request that it answers."""
    app.before_request(lambda: embedded_worker(app).start())
