"""How a run is spread over processes: long files first, those with a browser last; what was used is put together.

A file's tests run in one process, in their order; whichever process is free takes the next file (pytest-xdist). With the
longest first the processes end at about the same time. Playwright leaves an asyncio loop in its thread, so no process
may have another test after one with a browser.
"""

from __future__ import annotations

import gc
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests import services

#: What each file took in all when that was last written down, in seconds.
TIMES = Path(__file__).parent / "times.json"
#: A file that nobody has timed yet may take long.
UNKNOWN = 20.0

_seconds: dict[str, float] = defaultdict(float)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another that spreads them."""
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server or a browser, and put the items in the order in which they are taken."""
    times = json.loads(TIMES.read_text("utf-8")) if TIMES.exists() else {}
    browser = set()
    for item in items:
        values = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if {"postgresql", "mariadb"} & {value for value in values if isinstance(value, str)}:
            item.add_marker("server")
        if item.get_closest_marker("browser"):
            browser.add(item.location[0])
    # Sorting keeps the order within a file, and of the files that take as long.
    items.sort(key=lambda item: (item.location[0] in browser, -times.get(item.location[0], UNKNOWN)))


def pytest_collection_finish() -> None:
    """What is imported by now stays: Python need not look again and again whether it can go, a tenth of the work else."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what a file takes."""
    _seconds[report.location[0]] += report.duration


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A process has ended: what it used was used, and what it missed was missing."""
    told = getattr(node, "workeroutput", {})
    services.used.update(told.get("used", ()))
    services.away.update(told.get("away", {}))


def write_times() -> None:
    """Write down what each file took."""
    known = {path: round(seconds, 1) for path, seconds in sorted(_seconds.items())}
    TIMES.write_text(json.dumps(known, indent=2) + "\n", "utf-8")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where every service is required, a whole run that used none of one has proved nothing."""
    config = session.config
    if is_worker(config):
        config.workeroutput.update(used=sorted(services.used), away=services.away)  # type: ignore[attr-defined]
        return
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    whole = not chosen and config.args == config.getini("testpaths")
    missing = set(services.ALL) - services.used
    if services.REQUIRED and whole and missing and session.exitstatus == 0:
        services.away.update(dict.fromkeys(missing, "no test asked for it"))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if whole and os.environ.get("W4R_TEST_WRITE_TIMES") and session.exitstatus == 0:
        write_times()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which real services were used, and which were not."""
    terminalreporter.write_sep("-", "real services")
    terminalreporter.write_line(f"used: {', '.join(sorted(services.used)) or 'none'}")
    for kind, why in sorted(services.away.items()):
        terminalreporter.write_line(f"NOT USED: {kind}: {why}", red=True)
