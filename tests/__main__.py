"""The tests, spread over the cores: ``python -m tests [folder ...] [--fast] [--slowest [N]] [--write-times] ...``.

Without a folder it is the whole suite, as ``make test`` runs it. ``--fast`` leaves out what needs a database server, a
browser, processes to kill or to race, or more than five seconds. ``--slowest`` names the slowest tests at the end, ten
unless said otherwise. ``--write-times`` writes down what each file took in a whole run, so that the next is spread
evenly. What else is given goes to pytest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FAST = "not (browser or server or kill or race or slow)"
#: Files of tests are in memory where that is offered: nobody waits for a disk to be sure of what is thrown away anyway.
MEMORY, ENOUGH = Path("/dev/shm"), 2 * 1024**3


def in_memory() -> dict[str, str]:
    """Where temporary files go, as the environment says it; as it is where there is no memory to spare."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ENOUGH:
        return {}
    folder = MEMORY / f"w4r-tests-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    return {"TMPDIR": str(folder)}


def pytest_arguments(given: list[str]) -> tuple[list[str], dict[str, str]]:
    """What pytest is to be called with, and what the environment says beside."""
    arguments: list[str] = []
    environment = in_memory()
    rest = list(given)
    while rest:
        word = rest.pop(0)
        if word == "--fast":
            arguments += ["-m", FAST]
        elif word == "--write-times":
            environment["W4R_TEST_WRITE_TIMES"] = "1"
        elif word == "--slowest":
            arguments.append(f"--durations={rest.pop(0) if rest and rest[0].isdigit() else 10}")
        elif (HERE / word / "__init__.py").exists() and "/" not in word:
            arguments.append(f"tests/{word}")
        else:
            arguments.append(word)
    return arguments, environment


def main() -> int:
    """Run pytest; returns its exit code."""
    arguments, environment = pytest_arguments(sys.argv[1:])
    # One more than there are cores where one may wait for a server or a browser, so that the others work meanwhile.
    waits = FAST not in arguments
    processes = os.environ.get("W4R_TEST_PROCESSES") or str(len(os.sched_getaffinity(0)) + waits)
    spread = ["-n", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *spread, *arguments]
    environment = {**os.environ, **environment}
    # Each of the many processes would compile everything anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(command, cwd=HERE.parent, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
