"""Environments of their own for :mod:`tests.versions.journey`: the lowest versions that are declared, and the newest.

They stand beside the project's own, as ``.venv-lowest`` and ``.venv-newest``, and are made anew when what is declared changes;
the newest also each week.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: What a site may ask for beside the library itself, and the walk goes through.
EXTRAS = ("postgres", "mariadb", "redis", "celery", "age", "xlsx")


class Unavailable(Exception):
    """The environment cannot be had here: no such Python, no uv, no package index."""


@dataclass(frozen=True)
class Wanted:
    """One environment: the Python it has, and which of the versions that are declared."""

    python: str
    resolution: str
    weekly: bool


WANTED = {
    # Old releases have no wheels for a Python that came after them.
    "lowest": Wanted(PROJECT["requires-python"].removeprefix(">="), "lowest-direct", weekly=False),
    "newest": Wanted("3.13", "highest", weekly=True),
}


def environment(name: str) -> Path:
    """Return the Python of an environment, which is made where it is missing or out of date.

    :param name: ``lowest`` or ``newest``.
    :raises Unavailable: it cannot be had here, and why.
    :raises AssertionError: no set of versions satisfies what is declared.
    """
    wanted = WANTED[name]
    folder = ROOT / f".venv-{name}"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    now = datetime.now(UTC).strftime("%G-%V") if wanted.weekly else ""
    declared = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in EXTRAS)]
    text = hashlib.sha256(repr((declared, wanted, now)).encode()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text("utf-8") == text:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _uv("venv", "--python", find_python(wanted.python), str(folder))
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    _uv(
        "pip", "install", "--python", str(python), "--resolution", wanted.resolution,
        "--requirements", "pyproject.toml", *extras,
    )  # fmt: skip
    stamp.write_text(text, "utf-8")
    return python


def find_python(version: str) -> str:
    """Return an interpreter of a version: this one, one that uv finds, or one of pyenv's, whose shims uv cannot ask.

    :raises Unavailable: there is none.
    """
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    # The highest patch release last.
    found = sorted(pyenv.glob(f"{version}.*/bin/python"), key=lambda path: (len(str(path)), str(path)))
    if found:
        return str(found[-1])
    try:
        return _uv("python", "find", version).strip()
    except Unavailable:
        raise Unavailable(f"no Python {version} here; 'uv python install {version}' gets one") from None


def _uv(*words: str) -> str:
    try:
        from uv import find_uv_bin
    except ImportError:
        raise Unavailable("uv is not installed; it is of the dev extra") from None
    settings = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1", **_index()}
    result = subprocess.run(
        [find_uv_bin(), *words, "--no-progress"], cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    if result.returncode:
        assert "No solution found" not in result.stderr, result.stderr
        raise Unavailable(f"uv {words[0]} failed: {' '.join(result.stderr.split())[-300:]}")
    return result.stdout


def _index() -> dict[str, str]:
    """The package index that pip is told to use, for uv, which does not read what pip is told."""
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        return {}
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
    return {"UV_DEFAULT_INDEX": index} if index else {}
