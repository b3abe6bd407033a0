"""``python -m benchmarks.export``: taking a million signatures away, beside what no program can leave out, on PostgreSQL.

The floor is a script that streams the same columns with ``COPY``, opens the same seals and writes the same kind of line. Both
are processes of their own, in turn. Told are seconds, processor seconds, and how much memory each grew by over what it had
when it was ready to begin.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.keyring import Keyring
from flask_w4r.seam import ExportAsk
from flask_w4r.services.exports.take import Order, take
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign

from . import data, stand

#: Seconds of the floor's, and megabytes over idle.
GOAL, MEMORY = 1.5, 25.0
_QUERY = """
COPY (
  SELECT c.slug, e.year, s.person, s.locale, s.newsletter, s.withhold_name, s.created_at, s.confirmed_at, s.delivered_at
  FROM w4r_signature s JOIN w4r_case c ON c.id = s.case_id JOIN w4r_edition e ON e.id = c.edition_id
  WHERE s.section = 'AU' AND s.state = 'confirmed' AND s.held_at IS NULL AND s.person IS NOT NULL
) TO STDOUT
"""
_NAMES = ("first_name", "last_name", "email", "phone", "postcode")


def create_app(env: Mapping[str, str]) -> Flask:
    """A site with one section."""
    app = Flask("bench_export")
    app.config.update(
        SECRET_KEY=env["W4R_BENCH_SECRET"],
        SQLALCHEMY_DATABASE_URI=env["W4R_BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://"),
        RATELIMIT_STORAGE_URI="memory://",
        W4R_SECTION={"preset": "AU", "url_prefix": "/au"},
        W4R_BASE_URL="http://localhost",
        W4R_MAIL_SENDER="w4r@example.org",
        W4R_ENCRYPTION_KEYS=env["W4R_BENCH_ENCRYPTION_KEY"],
        W4R_INDEX_KEY=env["W4R_BENCH_INDEX_KEY"],
    )
    W4R().init_app(app, SQLAlchemy(app))
    return app


def ours(env: Mapping[str, str], path: Path, form: str) -> tuple[float, float, float]:
    """What ``flask w4r export signatures --withheld`` does."""
    app = create_app(env)
    state = get_state(app)
    with app.app_context():
        _, reader = state.engines(app)
        with reader.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        begun = _begin()
        ask = ExportAsk(state.sections["AU"], state.clock(), withheld=True)
        order = Order(state.seam.exports["signatures"], ask, form, "cli", "cli (benchmark)")
        with path.open("wb") as file:
            for chunk in take(app, order):
                file.write(chunk)
        return _over(begun)


def floor(env: Mapping[str, str], path: Path) -> tuple[float, float, float]:
    """The script."""
    keyring = Keyring([env["W4R_BENCH_ENCRYPTION_KEY"]], env["W4R_BENCH_INDEX_KEY"])
    with psycopg.connect(env["W4R_BENCH_DATABASE"]) as connection, path.open("w", newline="", encoding="utf-8") as file:
        connection.execute("SELECT 1")
        begun = _begin()
        writer = csv.writer(file)
        with connection.cursor().copy(_QUERY) as copy:
            for slug, year, person, *rest in copy.rows():
                details = keyring.open_json(person)
                writer.writerow([slug, year, *(details.get(name) for name in _NAMES), *rest])
        return _over(begun)


def _begin() -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), _resident()


def _over(begun: tuple[float, float, float]) -> tuple[float, float, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.perf_counter() - begun[0], time.process_time() - begun[1], peak - begun[2]


def _resident() -> float:
    """Megabytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


def _child(env: Mapping[str, str], kind: str, path: Path) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "benchmarks.export", "--child", kind, "--path", str(path)]
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, used, grown = json.loads(done.stdout)
    return seconds, used, grown


def main() -> int:
    """Run it; exit 1 where a goal is not reached or the two files differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--formats", action="store_true", help="measure JSON lines and XLSX too, once each")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        env = os.environ
        found = floor(env, options.path) if options.child == "floor" else ours(env, options.path, options.child)
        print(json.dumps(found))
        return 0
    with stand.environment() as env, tempfile.TemporaryDirectory() as folder:
        app = create_app(env)
        assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
        cases = make_campaign(app, [f"case-{number}" for number in range(10)])
        state = get_state(app)
        began = time.perf_counter()
        data.fill(env["W4R_BENCH_DATABASE"], state.keyring, state.sections["AU"], list(cases.values()), options.count)
        print(f"{options.count:,} signatures made in {time.perf_counter() - began:.0f} s", flush=True)
        kinds = ("floor", "csv")
        measured: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
        for number in range(options.rounds):
            for kind in kinds[:: -1 if number % 2 else 1]:
                measured[kind].append(_child(env, kind, Path(folder) / kind))
        lines = [_lines(Path(folder) / kind) for kind in kinds]
        for kind in ("jsonl", "xlsx") if options.formats else ():
            measured[kind] = [_child(env, kind, Path(folder) / kind)]
        with app.app_context():
            state.engines(app)[0].dispose()
    return _tell(measured, lines, options.count)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _tell(measured: Mapping[str, list[tuple[float, float, float]]], lines: list[int], count: int) -> int:
    medians: dict[str, Any] = {
        kind: [statistics.median(one[place] for one in found) for place in range(3)] for kind, found in measured.items()
    }
    print(f"{'':8}{'seconds':>10}{'of floor':>10}{'CPU s':>10}{'of floor':>10}{'MB over idle':>14}")
    for kind, (seconds, used, grown) in medians.items():
        ratios = (seconds / medians["floor"][0], used / medians["floor"][1])
        print(f"{kind:8}{seconds:10.1f}{ratios[0]:10.2f}{used:10.1f}{ratios[1]:10.2f}{grown:14.1f}")
    # Names at the top and the mark at the end are ours alone.
    whole = lines == [count, count + 2]
    holds = medians["csv"][0] / medians["floor"][0] <= GOAL and medians["csv"][2] <= MEMORY
    print(f"goal: {GOAL} of the floor's seconds, {MEMORY:.0f} MB: {'reached' if holds else 'missed'}"
          + ("" if whole else f"; the files have {lines} lines"))  # fmt: skip
    return 0 if holds and whole else 1


if __name__ == "__main__":
    sys.exit(main())
