"""How long it takes to add up the whole world: ``python -m benchmarks.rollup [--sections 170]``.

Every section signs a file of 10 cases and 13 types with a key of its own; then ``flask w4r rollup add`` and ``rollup sum`` run as a
person would type them, in a process of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask_w4r.action_types import STANDARD
from flask_w4r.services.rollup.documents import write_moment
from flask_w4r.services.rollup.signing import new_pair, sign

MORE = ("sms", "fax", "phone_call", "photo")
SITE = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_w4r import W4R

app = Flask(__name__)
app.config.update({settings})
W4R(app, SQLAlchemy(app))
"""


def main() -> None:
    """Measure, and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", type=int, default=170)
    parser.add_argument("--database", help="A database's URL, with nothing in it; else a file of SQLite.")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        section = {"preset": "AU", "code": "INT", "url_prefix": "/int", "action_types": list(MORE)}
        settings = {
            "DEBUG": True, "SECRET_KEY": "only to measure", "W4R_SECTION": section,
            "SQLALCHEMY_DATABASE_URI": given.database or f"sqlite:///{folder / 'centre.sqlite3'}",
        }  # fmt: skip
        (folder / "centre.py").write_text(SITE.format(settings=settings))
        run(folder, "db", "upgrade")
        files = []
        for number in range(given.sections):
            pair, code = new_pair(), f"S{number:03}"
            trust(folder, code, pair.public)
            files.append(write(folder, code, pair.private))
        print(f"{given.sections} sections, 10 cases, 13 types")
        for words in (("add", *map(str, files)), ("sum", "2026", "--json"), ("waiting",)):
            took, busy = run(folder, "rollup", *words)
            print(f"rollup {words[0]:8} {took:.2f} s, of which {busy:.2f} s at work; the start of Flask included")


def write(folder: Path, code: str, private: str) -> Path:
    """A file that a section signed."""
    now = datetime.now(UTC)
    rows = [
        {"case": f"case-{case}", "type": kind, "count": 10 + case} for case in range(10) for kind in (*STANDARD, *MORE)
    ]
    document = {
        "section": code, "edition": "2026", "sequence": 1, "as_of": write_moment(now),
        "expires": write_moment(now + timedelta(days=14)), "rows": rows,
    }  # fmt: skip
    path = folder / f"{code}.json"
    path.write_text(json.dumps(sign(document, private)))
    return path


def trust(folder: Path, code: str, public: str) -> None:
    """Trust a key, in this process: 170 starts of Flask would take minutes."""
    sys.path.insert(0, str(folder))
    import centre  # type: ignore[import-not-found]

    result = centre.app.test_cli_runner().invoke(args=["w4r", "rollup", "trust", code, public])
    assert result.exit_code == 0, result.output


def run(folder: Path, *words: str) -> tuple[float, float]:
    """Run a command; how long it took, and how long a processor was busy with it, in seconds."""
    env = {**os.environ, "FLASK_APP": "centre"}
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "flask", "w4r", *words]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr + done.stdout
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
