"""The load: ``wrk`` where it is installed, else a light generator of our own.

Numbers of the two differ, so compare ratios, and only those made by the same one.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import raw
from .plan import Plan

WRK = shutil.which("wrk")
THREADS = 2
CONNECTIONS = 16
_runs = itertools.count(1)


@dataclass(frozen=True)
class Result:
    """What one timed window gave."""

    requests: int
    seconds: float
    #: Answers by status.
    statuses: dict[int, int]
    problem: str | None

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def run(plan: Plan, seconds: float) -> Result:
    """Send the plan's requests for some seconds and check each answer's status."""
    tag = f"r{next(_runs)}"
    found = _wrk(plan, seconds, tag) if WRK else raw.run(plan, seconds, tag, THREADS)
    statuses = {int(key): int(value) for key, value in found["statuses"].items()}
    return Result(int(found["requests"]), float(found["seconds"]), statuses, _problem(plan, statuses, found))


def _problem(plan: Plan, statuses: dict[int, int], found: dict[str, object]) -> str | None:
    if found["exhausted"]:
        return "the solved challenges ran out"
    if found["errors"]:
        return f"{found['errors']} connections failed"
    wanted = {step.expect for step in plan.steps}
    if set(statuses) - wanted:
        return f"unexpected answers: {statuses}"
    total = sum(statuses.values())
    if not total:
        return "no answers"
    for status in wanted:
        # Steps go out in turn, so each has its share, but for what was on its way at the end.
        share = total * sum(step.expect == status for step in plan.steps) / len(plan.steps)
        if abs(statuses.get(status, 0) - share) > 2 * THREADS * CONNECTIONS:
            return f"answers are not in proportion: {statuses}"
    return None


def _wrk(plan: Plan, seconds: float, tag: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        proofs = Path(folder, "proofs")
        proofs.write_text("\n".join(plan.proofs))
        script = Path(folder, "plan.lua")
        script.write_text(_lua(plan, tag, str(proofs) if plan.proofs else ""))
        command = [
            str(WRK), f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s",
            "-s", str(Path(__file__).with_name("sign.lua")), f"http://127.0.0.1:{plan.port}/",
            "--", str(script), str(THREADS),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("W4R "))
    found: dict[str, object] = json.loads(line.removeprefix("W4R "))
    return found


def _lua(plan: Plan, tag: str, proofs: str) -> str:
    # A JSON text is a Lua text too, for what stands here.
    steps = []
    for step in plan.steps:
        fields = [f"method={json.dumps(step.method)}", f"path={json.dumps(step.path)}"]
        if step.body is not None:
            fields.append(f"body={json.dumps(step.body)}")
        if step.accept_encoding:
            fields.append(f"accept_encoding={json.dumps(step.accept_encoding)}")
        steps.append("{" + ", ".join(fields) + "}")
    return f"return {{tag={json.dumps(tag)}, proofs={json.dumps(proofs)}, steps={{{', '.join(steps)}}}}}"
