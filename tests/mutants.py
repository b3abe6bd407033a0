"""Small faults, put into the rooms where a fault does harm: ``python -m tests.mutants [room ...] [--count N] [--seed N]``.

mutmut makes the faults of a room and tries each against those of that room's own tests that come to it, the quickest
first and until one fails: tests that need no server, no browser, no process to kill and no time. Out of all faults a
sample is tried, the same one for the same seed, be it room by room or all at once. Faults that live are printed with what
they change, or with the reason that ``tests/survivors.py`` gives for them. The exit code is 1 where fewer are found than
:data:`ENOUGH`, or where one lives without a reason.

``--go-on`` keeps what was found in ``build/mutants`` and tries the others with the tests as they are now; the library is
as it was when the room was begun. mutmut changes what stands in functions, not tables at the top of modules, nor what is
decorated.
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
from tests.survivors import reason

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
#: What mutmut's exit codes of a fault mean; all others are a fault that was found. Out of time is no find: it may have been
#: the machine's.
LIVES, UNTESTED, OUT_OF_TIME = 0, 33, frozenset({24, -24, 36, 152, 255})


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
    "tally": Room(
        (f"{SERVICES}/tally/*",),
        (
            "tests/tally",
            "tests/people/test_key_change.py",
            "tests/embedding/test_commands.py",
            "tests/privacy/test_retention.py",
        ),
    ),
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
        ("tests/people/test_keyring.py", "tests/people/test_key_change.py", "tests/embedding/test_commands.py"),
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


def folder_of(name: str) -> Path:
    """Where a room is tried."""
    return BUILD / re.sub(r"\W+", "-", name)


def copy_of(name: str, room: Room) -> Path:
    """A copy of the repository, with mutmut's options for one room."""
    folder = folder_of(name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in COPIED:
        if (ROOT / part).is_dir():
            copy_folder(part, folder)
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


def copy_folder(part: str, folder: Path) -> None:
    """Copy a folder of the repository as it is now."""
    shutil.rmtree(folder / part, ignore_errors=True)
    shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "_build"))


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


def faults(room: Room) -> list[str]:
    """The names of all faults that can be put into a room."""
    # The library's own, which is only there for this command.
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    found: list[str] = []
    for path in sorted(path for pattern in room.files for path in ROOT.glob(pattern) if path.suffix == ".py"):
        place = path.relative_to(ROOT)
        made = mutate_file_contents(str(place), path.read_text("utf-8"))
        found += (get_mutant_name(place, name) for name in made.mutant_names)
    return sorted(found)


def shares(sizes: dict[str, int], count: int) -> dict[str, int]:
    """As many of each room, or all of it where it is smaller; the others have the rest."""
    found: dict[str, int] = {}
    for left, name in zip(range(len(sizes), 0, -1), sorted(sizes, key=lambda one: (sizes[one], one)), strict=True):
        found[name] = min(sizes[name], (count - sum(found.values())) // left)
    return found


def attempt(name: str, sample: list[str], *, go_on: bool) -> tuple[Path, dict[str, int | None]]:
    """Try the faults of a room. Returns where, and how each went."""
    folder = folder_of(name)
    if go_on and (folder / "mutants").is_dir():
        copy_folder("tests", folder)
        shutil.rmtree(folder / "mutants" / "tests", ignore_errors=True)
    else:
        folder = copy_of(name, ROOMS[name])
    gone = codes(folder)
    rest = [one for one in sample if not is_found(gone.get(one))]
    done = mutmut(folder, "run", "--max-children", "1", *rest) if rest else None
    if done and done.returncode:
        sys.exit(f"{name}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    gone = codes(folder)
    return folder, {one: gone.get(one) for one in sample}


def is_found(code: int | None) -> bool:
    """Whether a test failed."""
    return code not in (LIVES, UNTESTED, None, *OUT_OF_TIME)


def lived(folder: Path, tried: dict[str, int | None]) -> Iterator[tuple[str, str | None]]:
    """What is to be said of each that nothing found, and the reason where there is one."""
    for name, code in sorted(tried.items()):
        if not is_found(code):
            change = mutmut(folder, "show", name).stdout.partition("\n")[2]
            why = reason(name, change)
            what = "no test comes there" if code == UNTESTED else "out of time" if code in OUT_OF_TIME else "it lives"
            yield f"{name}: {why or what}\n{'' if why else change}", why


def main() -> int:
    """Try them; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rooms", nargs="*", metavar="room", help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--count", type=int, default=200, help="how many faults are tried in all rooms together")
    parser.add_argument("--seed", type=int, default=12, help="of the sample")
    parser.add_argument("--go-on", action="store_true", help="keep what was found before, with the same library")
    given = parser.parse_args()
    unknown = set(given.rooms) - set(ROOMS)
    if unknown:
        parser.error(f"no such room: {', '.join(sorted(unknown))}")
    there = {name: faults(room) for name, room in ROOMS.items()}
    wanted = shares({name: len(names) for name, names in there.items()}, given.count)
    total: Counter[str] = Counter()
    for name in given.rooms or ROOMS:
        sample = random.Random(f"{given.seed} {name}").sample(there[name], wanted[name])
        folder, tried = attempt(name, sample, go_on=given.go_on)
        lives = list(lived(folder, tried))
        found, explained = len(tried) - len(lives), sum(bool(why) for _, why in lives)
        total += Counter(tried=len(tried), found=found, unexplained=len(lives) - explained)
        print(f"{name}: {len(tried)} of {len(there[name])} tried, {found} found, {explained} explained", flush=True)
        print("\n".join(words for words, _ in lives), flush=True)
    share = 100 * total["found"] / total["tried"]
    print(f"{total['found']} of {total['tried']} found: {share:.1f} %; {total['unexplained']} live without a reason")
    return int(share < ENOUGH or total["unexplained"] > 0)


if __name__ == "__main__":
    sys.exit(main())
