"""What we add to a start: to ``import flask_w4r``, and to ``flask --help`` of a host that has us.

Times are a child's CPU seconds (user and system), in turn and many times, since the machine is shared.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .stand import ROOT

ROUNDS = 9
#: What a site loads that serves one page of ours, whatever else it does, and why. Not here: what only a worker, a
#: command or one page needs (icalendar, segno, Pillow, Alembic, aiohttp, Celery, Markdown, the driver of a database).
NEEDED: Mapping[str, str] = {
    "flask": "the host's app",
    "sqlalchemy.orm": "tables and sessions",
    "flask_sqlalchemy": "the host's database object",
    "flask_limiter": "the host's limiter, or our own",
    "flask_wtf": "a page with a form; so is the next",
    "wtforms": "fields and validators",
    "cryptography.fernet": "opens and seals what is stored of people",
    "babel.dates": "dates as the locale writes them; so are the next three",
    "babel.lists": "lists",
    "babel.numbers": "counts",
    "babel.support": "catalogues",
}
_IMPORT = "; ".join(f"import {name}" for name in NEEDED)
_HOST = f"""{_IMPORT}
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
app = Flask(__name__)
app.config.update(SECRET_KEY="bench", SQLALCHEMY_DATABASE_URI="sqlite://", TESTING=True)
db = SQLAlchemy(app)
"""
_OURS = """
from flask_w4r import W4R
app.config.update(W4R_SECTIONS=["AU"])
W4R(app, db)
"""
#: ``flask --help`` where the library is not installed: without its entry point.
_HELP_WITHOUT = """
import sys, importlib.metadata as metadata
found = metadata.entry_points
metadata.entry_points = lambda **wanted: [entry for entry in found(**wanted) if entry.name != "w4r"]
sys.argv = ["flask", "--help"]
from flask.cli import main
main()
"""
_HELP = ("-m", "flask", "--help")


def _cpu(arguments: Sequence[str], env: Mapping[str, str], folder: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=dict(env), check=True, timeout=120, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Time fresh interpreters, in turn.

    :returns: medians in milliseconds, and what we add: ``over``, a share of the dependencies, to the import; ``help_over_ms``
        to ``flask --help`` of a host with us, ``help_elsewhere_ms`` to that of a host without us in the same environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "without_us.py").write_text(_HOST)
        Path(folder, "with_us.py").write_text(_HOST + _OURS)
        # Compiled files stand in a folder of the run's own, so that all are read compiled whatever the environment says.
        env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        env |= {"PYTHONPYCACHEPREFIX": str(Path(folder, "cache")), "PYTHONPATH": str(ROOT)}
        without, ours = {**env, "FLASK_APP": "without_us"}, {**env, "FLASK_APP": "with_us"}
        runs: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
            "bare": (("-c", "pass"), env),
            "dependencies": (("-c", _IMPORT), env),
            "flask_w4r": (("-c", f"{_IMPORT}; import flask_w4r"), env),
            "help_without": (("-c", _HELP_WITHOUT), without),
            "help_elsewhere": (_HELP, without),
            "help_with": (_HELP, ours),
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, (arguments, environment) in runs.items():
                seconds = _cpu(arguments, environment, folder)
                if number:  # the first one fills the caches
                    times[name].append(seconds * 1000)
    middle = {name: statistics.median(found) for name, found in times.items()}

    def added(name: str, base: str) -> float:
        return statistics.median(mine - theirs for mine, theirs in zip(times[name], times[base], strict=True))

    dependencies = middle["dependencies"] - middle["bare"]
    return {
        "dependencies_ms": dependencies,
        "flask_w4r_ms": dependencies + added("flask_w4r", "dependencies"),
        "over": added("flask_w4r", "dependencies") / dependencies,
        "modules": len(NEEDED),
        "help_without_ms": middle["help_without"],
        "help_elsewhere_ms": added("help_elsewhere", "help_without"),
        "help_over_ms": added("help_with", "help_without"),
    }
