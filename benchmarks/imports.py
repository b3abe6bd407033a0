"""How long ``import flask_w4r`` takes beside an import of what it depends on, alone."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

from .stand import ROOT

ROUNDS = 7
_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
_LOADED = """
import json, sys, sysconfig
import flask_w4r
site = tuple(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))
def outside(name, module):
    path, spec = getattr(module, "__file__", None) or "", getattr(module, "__spec__", None)
    return path.startswith(site) and spec is not None and spec.name == name and not name.startswith("flask_w4r")
print(json.dumps([name for name, module in list(sys.modules.items()) if outside(name, module)]))
"""


def _run(code: str, cache: str) -> str:
    # Compiled files stand in a folder of the run's own, so that both are read compiled whatever the environment says.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True, timeout=120,
        env={**env, "PYTHONPYCACHEPREFIX": cache},
    )  # fmt: skip
    return done.stdout


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Time both in fresh interpreters, in turn.

    The dependencies are every installed module that ``import flask_w4r`` loads, and nothing of ours.

    :returns: medians in milliseconds, the share that is ours, and the number of modules compared with.
    """
    with tempfile.TemporaryDirectory() as cache:
        return _measure(rounds, cache)


def _measure(rounds: int, cache: str) -> dict[str, float]:
    names = json.loads(_run(_LOADED, cache))
    alone = f"[__import__(name) for name in {names!r}]"
    times: dict[str, list[float]] = {"dependencies": [], "flask_w4r": []}
    for round_number in range(rounds + 1):
        for key, code in (("dependencies", alone), ("flask_w4r", "import flask_w4r")):
            seconds = float(_run(_TIMED.format(code), cache))
            if round_number:  # the first one fills the caches
                times[key].append(seconds)
    ours = [mine / theirs - 1 for mine, theirs in zip(times["flask_w4r"], times["dependencies"], strict=True)]
    return {
        "dependencies_ms": statistics.median(times["dependencies"]) * 1000,
        "flask_w4r_ms": statistics.median(times["flask_w4r"]) * 1000,
        "over": statistics.median(ours),
        "modules": len(names),
    }
