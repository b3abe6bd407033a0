"""``python -m benchmarks.sections``: many sections in one app, in front of PostgreSQL.

Two things, by the number of sections:

* an idle round of the worker: every job runs once and nothing is due, as after the start of a worker, when it looks at
  the last three days; how long it takes, how much of that is the process' own, and how many statements it sends;
* ``W4R.init_app``: from the configuration to the last rule, in a process that has imported everything.

A section has an edition, a case, and an entry in its log. Whoever runs this on a busy machine looks at the process'
own time and at the statements.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from flask_w4r import W4R
from flask_w4r.cli.jobs import tools_for
from flask_w4r.sections import preset_codes
from flask_w4r.services.audit import record as audit
from flask_w4r.services.jobs.rounds import run_once
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign

from . import stand

NUMBERS = (1, 40, 170)
#: Milliseconds that an idle round may take: so much, and so much a section.
ROUND_MOST, SECTION_MOST = 50.0, 1.0
#: Milliseconds that ``init_app`` may take, and with how many sections.
START_MOST, START_SECTIONS = 2000.0, 170


@dataclass
class Measured:
    """What one number of sections costs, in milliseconds: medians."""

    sections: int
    round_ms: float
    round_cpu_ms: float
    statements: int
    start_ms: float
    start_cpu_ms: float

    @property
    def round_goal(self) -> float:
        """The most that a round may take."""
        return ROUND_MOST + SECTION_MOST * self.sections

    @property
    def holds(self) -> bool:
        """Whether both are within their goals."""
        in_time = self.sections > START_SECTIONS or self.start_ms <= START_MOST
        return in_time and self.round_ms <= self.round_goal


def create_app(env: Mapping[str, str], sections: int) -> Flask:
    """Make an app with so many sections, each at a prefix of its own, from the presets in turn."""
    presets = preset_codes()
    app = Flask("bench_sections")
    app.config.update(
        SECRET_KEY=env["W4R_BENCH_SECRET"],
        SQLALCHEMY_DATABASE_URI=env["W4R_BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://"),
        RATELIMIT_STORAGE_URI="memory://",
        W4R_SECTIONS=[
            {
                "preset": presets[number % len(presets)], "code": f"S{number}", "url_prefix": f"/s{number}",
                "desk_email": f"desk{number}@example.org",
            }
            for number in range(sections)
        ],
        W4R_ENCRYPTION_KEYS=[env["W4R_BENCH_ENCRYPTION_KEY"]],
        W4R_INDEX_KEY=env["W4R_BENCH_INDEX_KEY"],
        W4R_BASE_URL="http://127.0.0.1",
        W4R_MAIL_SENDER="Write for Rights <w4r@example.org>",
    )  # fmt: skip
    W4R(app, SQLAlchemy(app), mailer=lambda message: None)
    return app


def _timed(function: Callable[[], Any]) -> tuple[float, float]:
    """How long it takes, and how much of that is this process' own, in milliseconds."""
    began, used = time.perf_counter(), time.process_time()
    function()
    return (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000


def fill(app: Flask) -> None:
    """Give each section a case and an entry in its log."""
    done = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    if done.exit_code:
        raise RuntimeError(done.output)
    make_campaign(app)
    state = get_state(app)

    def log(work: UnitOfWork) -> None:
        for section in state.sections.values():
            audit.append(work.session, state.keyring, section, audit.CLI, "made", "benchmark", now=state.clock())

    run(app, log)


def measure(env: Mapping[str, str], sections: int, rounds: int) -> Measured:
    """Start apps with so many sections, and run idle rounds on one of them."""
    starts = [_timed(lambda: create_app(env, sections)) for _ in range(rounds)]
    app = create_app(env, sections)
    fill(app)
    state, tools = get_state(app), tools_for(app)
    # What is due once a day, and once ever.
    while any(any(done.values()) for done in run_once(app, tools).values()):
        pass
    sent: list[str] = []
    engine, _ = state.engines(app)

    def one_round() -> None:
        # As a worker that was just started.
        state.lazy.pop("pulse_rhythm", None)
        state.lazy.pop("event_rhythm", None)
        done = run_once(app, tools)
        if any(any(one.values()) for one in done.values()):
            raise RuntimeError(f"the round was not idle: {done}")

    one_round()
    taken = [_timed(one_round) for _ in range(rounds)]
    event.listen(engine, "before_cursor_execute", lambda *about: sent.append(about[2]))
    one_round()
    engine.dispose()
    round_ms, round_cpu_ms = map(statistics.median, zip(*taken, strict=True))
    start_ms, start_cpu_ms = map(statistics.median, zip(*starts, strict=True))
    return Measured(sections, round_ms, round_cpu_ms, len(sent), start_ms, start_cpu_ms)


def table(found: list[Measured]) -> str:
    """The numbers as text."""
    lines = [
        f"{'sections':>8}{'round ms':>10}{'cpu ms':>8}{'goal':>7}{'SQL':>6}{'start ms':>10}{'cpu ms':>8}{'goal':>7}"
    ]
    for one in found:
        lines.append(
            f"{one.sections:>8}{one.round_ms:>10.0f}{one.round_cpu_ms:>8.0f}{one.round_goal:>7.0f}{one.statements:>6}"
            f"{one.start_ms:>10.0f}{one.start_cpu_ms:>8.0f}{START_MOST:>7.0f}  {'ok' if one.holds else '--'}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure and print; exit 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sections", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sections", type=int, action="append", metavar="N", help="may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too; '-' for standard output")
    options = parser.parse_args()
    found = []
    for number in options.sections or NUMBERS:
        with stand.environment() as env:
            found.append(measure({**os.environ, **env}, number, options.rounds))
    if options.json:
        text = json.dumps([{**asdict(one), "holds": one.holds} for one in found], indent=2)
        if options.json == "-":
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(text + "\n")
    if options.json != "-":
        print(table(found))
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
