"""Ratios, goals, and the table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .plan import Plan


@dataclass(frozen=True)
class Goal:
    """A target, its floor, and the least ratio it should have. ``None``: reported only."""

    target: str
    floor: str
    least: float | None
    stretch: float | None = None


GOALS = (
    Goal("sign", "floor insert", 0.45, 0.55),
    Goal("sign, ALTCHA", "floor insert", 0.40, 0.50),
    Goal("case page", "floor page", 1.0),
    Goal("case page, host's layout", "host's own page", 0.8),
    Goal("visit", "floor visit", None),
    Goal("sign", "floor insert, autocommit", None),
)
IMPORT_GOAL = 0.10
HELP_GOAL_MS = 60
PAGE_SQL_GOAL = 0


def chosen(plans: Mapping[str, Plan], only: Sequence[str] | None) -> dict[str, Plan]:
    """The plans asked for, with the floors they are compared with."""
    if not only:
        return dict(plans)
    wanted = set(only) | {goal.floor for goal in GOALS if goal.target in only and goal.least is not None}
    return {name: plan for name, plan in plans.items() if name in wanted}


def numbers(found: Mapping[str, Any], imports: Mapping[str, float] | None) -> dict[str, Any]:
    """Work out medians and ratios. A ratio is the median of the rounds' own ratios, since the machine drifts."""
    measured = found["targets"]
    rows = {
        name: {
            "requests_per_second": round(statistics.median(item.rates), 1),
            "range": [round(min(item.rates), 1), round(max(item.rates), 1)],
            "worker_us_per_request": round(statistics.median(item.worker_us)) if item.worker_us else None,
        }
        for name, item in measured.items()
    }
    ratios = []
    for goal in GOALS:
        if goal.target in measured and goal.floor in measured:
            rounds = [a / b for a, b in zip(measured[goal.target].rates, measured[goal.floor].rates, strict=True)]
            ratios.append(
                {
                    "target": goal.target,
                    "floor": goal.floor,
                    "ratio": round(statistics.median(rounds), 3),
                    "rounds": [round(value, 3) for value in rounds],
                    "goal": goal.least,
                    "stretch": goal.stretch,
                }
            )
    return {
        "generator": found["generator"],
        "rounds": found["rounds"],
        "seconds": found["seconds"],
        "page": {"sql_statements": found["page_sql"], "bytes": found["page_bytes"], "goal": PAGE_SQL_GOAL},
        "targets": rows,
        "ratios": ratios,
        "imports": {**imports, "goal": IMPORT_GOAL, "help_goal_ms": HELP_GOAL_MS} if imports else None,
        "problems": [f"{name}: {text}" for name, item in measured.items() for text in item.problems],
    }


def table(found: Mapping[str, Any]) -> str:
    """The numbers as text."""
    lines = [
        f"PostgreSQL, 2 gunicorn sync workers, load: {found['generator']}; {found['rounds']} rounds"
        f" of {found['seconds']} s each, in turn; medians",
        "",
        f"{'target':<28}{'req/s':>9}   {'range':<17}{'worker us/req':>13}",
    ]
    for name, row in found["targets"].items():
        low, high = row["range"]
        cpu = row["worker_us_per_request"] if row["worker_us_per_request"] is not None else "-"
        lines.append(f"{name:<28}{row['requests_per_second']:>9.0f}   {f'{low:.0f}-{high:.0f}':<17}{cpu:>13}")
    lines += ["", f"{'ratio':<44}{'median':>7}  {'goal':<8}{'stretch':<9}"]
    for item in found["ratios"]:
        lines.append(
            f"{item['target'] + ' / ' + item['floor']:<44}{item['ratio']:>7.2f}  {_goal(item['ratio'], item['goal']):<8}"
            f"{_goal(item['ratio'], item['stretch']):<9}".rstrip()
        )
    page = found["page"]
    lines += [
        "",
        f"warm case page: {page['sql_statements']} SQL statements (goal {page['goal']}), {page['bytes']} bytes",
    ]
    if found["imports"]:
        item = found["imports"]
        lines.append(
            f"import: what a site needs {item['dependencies_ms']:.0f} ms of CPU, flask_w4r too {item['flask_w4r_ms']:.0f} ms,"
            f" ours {item['over']:+.1%} (goal at most {item['goal']:+.0%})"
        )
        lines.append(
            f"flask --help: {item['help_without_ms']:.0f} ms, of a host with us {item['help_over_ms']:+.0f} ms (goal at most"
            f" {item['help_goal_ms']:+d} ms), of one without us {item['help_elsewhere_ms']:+.0f} ms"
        )
    lines += [f"NOT VALID: {problem}" for problem in found["problems"]]
    return "\n".join(lines)


def _goal(value: float, goal: float | None) -> str:
    if goal is None:
        return ""
    return f"{goal:.2f} {'ok' if value >= goal else '--'}"
