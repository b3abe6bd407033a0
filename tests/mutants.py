"""Small faults, put into the rooms where a fault does harm: ``python -m tests.mutants [room ...] [--count N] [--seed N]``.

mutmut makes the faults of a room and tries each against that room's own tests alone: those that need no server, no
browser, no process to kill and no time. Out of all faults a sample is tried, the same one for the same seed. Faults that
live are printed with what they change, and the exit code is 1 where fewer are found than :data:`ENOUGH`.

mutmut changes what stands in functions, not tables at the top of modules, nor what is decorated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.__main__ import FAST, in_memory

ROOT = Path(__file__).resolve().parents[1]
#: Where they are made: a copy of the repository for each room.
BUILD = ROOT / "build" / "mutants"
#: Of a hundred faults so many must be found.
ENOUGH = 90
#: What is copied: all that the rooms' tests read.
COPIED = (
    "flask_w4r",
    "tests",
    "example_app",
    "docs",
    "scripts",
    "benchmarks",
    "pyproject.toml",
    "README.md",
    "CHANGES.md",
)
#: What mutmut's exit codes of a fault mean; all others are a fault that was found.
LIVES, UNTESTED = 0, 33


@dataclass(frozen=True)
class Room:
    """Files of the library, and the tests that are theirs.

    :ivar marks: which of the tests.
    """

    files: tuple[str, ...]
    tests: tuple[str, ...]
    marks: str = FAST


SERVICES = "flask_w4r/services"
ROOMS = {
    "tally": Room((f"{SERVICES}/tally/*",), ("tests/tally", "tests/embedding/test_commands.py")),
    "seats": Room(
        tuple(f"{SERVICES}/rsvps/{name}.py" for name in ("seats", "seat_count", "ask", "lifecycle")),
        ("tests/rsvps", "tests/events/test_jobs.py"),
        # The machine that does any acts in any order takes its time, and is what proves the seats.
        FAST.replace(" or slow", ""),
    ),
    "audit": Room((f"{SERVICES}/audit/*",), ("tests/audit",)),
    "tokens": Room(
        (f"{SERVICES}/people/tokens.py", "flask_w4r/antiabuse/formtoken.py"),
        ("tests/people", "tests/antiabuse/test_formtoken.py"),
    ),
    "keyring": Room(
        ("flask_w4r/keyring.py", f"{SERVICES}/people/rotation.py"),
        ("tests/people/test_keyring.py", "tests/embedding/test_commands.py"),
    ),
    "caps": Room((f"{SERVICES}/mail/caps.py",), ("tests/mail",)),
    "permissions": Room(
        (f"{SERVICES}/people/permissions.py",),
        ("tests/people/test_permissions.py", "tests/moderation/test_permissions.py"),
    ),
    "public views of events": Room(
        tuple(f"{SERVICES}/events/{name}.py" for name in ("views", "geojson", "calendars", "feeds")), ("tests/events",)
    ),
    "states": Room((f"{SERVICES}/petitions/states.py",), ("tests/petitions",)),
}


def copy_of(name: str, room: Room) -> Path:
    """A copy of the repository, with mutmut's options for one room."""
    folder = BUILD / re.sub(r"\W+", "-", name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in COPIED:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "_build"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    own = {
        "only_mutate": room.files,
        "pytest_add_cli_args": ["-m", room.marks, "-p", "no:cacheprovider", "--hypothesis-seed=0"],
        "pytest_add_cli_args_test_selection": room.tests,
    }
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in own.items())
    options = folder / "pyproject.toml"
    given = options.read_text("utf-8")
    assert "[tool.mutmut]\n" in given
    options.write_text(given.replace("[tool.mutmut]\n", f"[tool.mutmut]\n{lines}"), "utf-8")
    return folder


def mutmut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it in a copy."""
    command = [str(Path(sys.executable).parent / "mutmut"), *arguments]
    environment = {**os.environ, **in_memory(), "PYTHONPATH": ""}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)


def codes(folder: Path) -> dict[str, int | None]:
    """Every fault that there is, and how it went."""
    found: dict[str, int | None] = {}
    for path in sorted(folder.glob("mutants/flask_w4r/**/*.meta")):
        found.update(json.loads(path.read_text("utf-8"))["exit_code_by_key"])
    return found


def prepare(name: str) -> tuple[Path, list[str]]:
    """Make the faults of a room, and find out which tests come to them. Returns where, and their names."""
    folder = copy_of(name, ROOMS[name])
    # There is no command for this alone: one that is asked to try what does not exist stops when all is prepared.
    done = mutmut(folder, "run", "--max-children", "1", "none of them")
    names = sorted(codes(folder))
    if "nothing matches" not in done.stderr or not names:
        sys.exit(f"{name}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return folder, names


def shares(sizes: dict[str, int], count: int) -> dict[str, int]:
    """As many of each room, or all of it where it is smaller; the others have the rest."""
    found: dict[str, int] = {}
    for left, name in zip(range(len(sizes), 0, -1), sorted(sizes, key=lambda one: (sizes[one], one)), strict=True):
        found[name] = min(sizes[name], (count - sum(found.values())) // left)
    return found


def lived(folder: Path, found: dict[str, int | None]) -> Iterator[str]:
    """What is to be said of each that nothing found."""
    for name, code in sorted(found.items()):
        if code in (LIVES, UNTESTED, None):
            why = "no test comes there" if code == UNTESTED else "it lives"
            yield f"{name}: {why}\n{mutmut(folder, 'show', name).stdout.partition(chr(10))[2]}"


def main() -> int:
    """Try them; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rooms", nargs="*", metavar="room", help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--count", type=int, default=200, help="how many faults are tried")
    parser.add_argument("--seed", type=int, default=12, help="of the sample")
    given = parser.parse_args()
    unknown = set(given.rooms) - set(ROOMS)
    if unknown:
        parser.error(f"no such room: {', '.join(sorted(unknown))}")
    prepared = {name: prepare(name) for name in given.rooms or ROOMS}
    wanted = shares({name: len(names) for name, (_, names) in prepared.items()}, given.count)
    total: Counter[str] = Counter()
    for name, (folder, names) in prepared.items():
        sample = random.Random(f"{given.seed} {name}").sample(names, wanted[name])
        done = mutmut(folder, "run", "--max-children", "1", *sample)
        if done.returncode:
            sys.exit(f"{name}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        tried = {one: code for one, code in codes(folder).items() if one in sample}
        lives = list(lived(folder, tried))
        total += Counter(tried=len(tried), found=len(tried) - len(lives))
        print(f"{name}: {len(tried)} of {len(names)} tried, {len(tried) - len(lives)} found", flush=True)
        print("\n".join(lives), flush=True)
    share = 100 * total["found"] / total["tried"]
    print(f"{total['found']} of {total['tried']} found: {share:.1f} %")
    return int(share < ENOUGH)


if __name__ == "__main__":
    sys.exit(main())
