"""The whole suite, as ``make test`` runs it: two processes side by side, one a core.

What each of them used of the real services is put together at the end, and nothing may have been left out where every
service is required.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import services

HERE = Path(__file__).parent
#: The tests that drive a browser or many processes, and those of mail, so that both halves take about as long.
FIRST = ("browser", "events", "i18n", "mail", "places", "rsvps")


def halves() -> dict[str, list[str]]:
    """The test folders of each process, by its name. A new folder goes to the second."""
    folders = sorted(path.name for path in HERE.iterdir() if any(path.rglob("test_*.py")))
    # Asyncio has a loop in its thread from the first browser test on, so those come last.
    first = sorted((name for name in folders if name in FIRST), key=lambda name: name == "browser")
    rest = [name for name in folders if name not in FIRST]
    return {"one": [f"tests/{name}" for name in first], "two": [f"tests/{name}" for name in rest]}


def tell(name: str, process: subprocess.Popen[str]) -> None:
    """Pass on what a process says, line by line."""
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{name}: {line.rstrip()}", flush=True)


def main() -> int:
    """Run both halves. Returns the exit code: nought when both passed and every required service was used."""
    with TemporaryDirectory() as folder:
        processes = {}
        for name, paths in halves().items():
            command = [sys.executable, "-m", "pytest", *paths, *sys.argv[1:]]
            environment = {**os.environ, "W4R_TEST_USED": str(Path(folder, name)), "PYTHONUNBUFFERED": "1"}
            processes[name] = subprocess.Popen(
                command, cwd=HERE.parent, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        threads = [threading.Thread(target=tell, args=item) for item in processes.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = {name: process.wait() for name, process in processes.items()}
        used = {word for path in Path(folder).iterdir() for word in path.read_text("utf-8").split()}
    missing = set(services.ALL) - used
    print(f"real services used: {', '.join(sorted(used)) or 'none'}; exit codes: {codes}")
    if services.REQUIRED and missing:
        print(f"never used: {', '.join(sorted(missing))}")
        return 1
    return max(codes.values(), key=abs)


if __name__ == "__main__":
    sys.exit(main())
