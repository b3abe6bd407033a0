"""Processes of their own for tests to run, race and kill, begun from one that has imported everything already.

An interpreter takes more than a second to import the library and what it stands on. Here that is done once for each
process that runs tests: its fork server has no threads and no connections, so what is forked from it is as good as new.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PRELOADED = [
    "tests.preloaded", "tests.own_process", "flask_w4r.testing", "flask_migrate", "alembic.command", "psycopg", "pymysql",
    "smtplib", "email.generator",
]  # fmt: skip


@cache
def context() -> ForkServerContext:
    """Where processes come from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(PRELOADED)
    return found


def _become(
    job: Callable[..., Any],
    args: Sequence[Any],
    cwd: str,
    environment: Mapping[str, str],
    output: str,
    errors: str,
    strict: bool,
) -> None:
    """In the new process: take on what a command line would have given it, and do the job."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    for path, number in ((os.devnull, 0), (output, 1), (errors, 2)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    if strict:
        warnings.simplefilter("error")
    try:
        job(*args)
    finally:
        # Such processes end without them else.
        atexit._run_exitfuncs()


def run_module(*argv: str) -> None:
    """As ``python -m`` does."""
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


class Started:
    """A process that does a job; what it prints goes into files in a folder.

    :param job: a function at the top of a module.
    :param strict: warnings are errors.
    """

    def __init__(
        self,
        folder: Path,
        job: Callable[..., Any],
        *args: Any,
        cwd: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        strict: bool = True,
    ) -> None:
        found = context()
        number = len(list(folder.glob("process-*.out")))
        self._output, self._errors = (folder / f"process-{number}.{end}" for end in ("out", "err"))
        self._output.touch()
        values = {**os.environ, **(environment or {})}
        become = (job, args, str(cwd), values, str(self._output), str(self._errors), strict)
        self.process = found.Process(target=_become, args=become)
        self.process.start()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text("utf-8")

    @property
    def errors(self) -> str:
        """What it has complained of so far."""
        return self._errors.read_text("utf-8") if self._errors.exists() else ""

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As when the machine loses its power. It must not have ended before."""
        self.send_signal(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL, f"it had ended before: {self.errors}"

    def stop(self) -> None:
        """As a service manager does it: it must end well and in silence."""
        self.send_signal(signal.SIGTERM)
        assert (self.wait(), self.errors) == (0, "")

    def wait(self, seconds: float = 60) -> int:
        """Wait for its end; returns its exit code."""
        self.process.join(seconds)
        code = self.process.exitcode
        assert code is not None, "it does not end"
        return code
