"""``python -m benchmarks``: measure the product beside its floors, in turn, and print the ratios."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from . import floor, imports, inside, load, product, proofs, report, stand, targets
from .load import Result
from .plan import Plan

WARM_UP_SECONDS = 1.0


@dataclass
class Measured:
    """One target's rounds."""

    rates: list[float] = field(default_factory=list)
    #: Microseconds of the app's workers for each request; steadier than the rate on a busy machine.
    worker_us: list[float] = field(default_factory=list)
    posted: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, plan: Plan, result: Result, worker_seconds: float | None) -> None:
        """Note one timed window."""
        self.rates.append(result.rate)
        self.posted += result.statuses.get(303, 0)
        if worker_seconds is not None:
            self.worker_us.append(worker_seconds / max(1, result.requests) * 1e6)
        if result.problem:
            self.problems.append(result.problem)


def main() -> int:
    """Run everything; exit 1 only where a measurement is not valid."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each timed window")
    parser.add_argument(
        "--only", action="append", metavar="TARGET", help="this target and its floor alone; may be repeated"
    )
    parser.add_argument("--no-imports", action="store_true", help="leave the import time out")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too; '-' for standard output")
    options = parser.parse_args()
    with stand.environment() as env:
        found = _requests(env, options)
    numbers: dict[str, Any] = report.numbers(found, imports=None if options.no_imports else imports.measure())
    if options.json:
        text = json.dumps(numbers, indent=2)
        if options.json == "-":
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(text + "\n")
    if options.json != "-":
        print(report.table(numbers))
    return 1 if numbers["problems"] else 0


def _requests(env: Mapping[str, str], options: argparse.Namespace) -> dict[str, Any]:
    with psycopg.connect(env["W4R_BENCH_DATABASE"], autocommit=True) as database, ExitStack() as stack:
        database.execute(floor.TABLE)
        facts = inside.prepare(env)
        ready = f"{targets.PREFIX}/healthz".replace("/fr", "")
        servers = {
            "floor": stack.enter_context(stand.served("benchmarks.floor:create_app()", "/page", env)),
            "plain": stack.enter_context(stand.served("benchmarks.product:create_app()", ready, env)),
            "altcha": stack.enter_context(
                stand.served("benchmarks.product:create_app()", ready, {**env, "W4R_BENCH_CAPTCHA": "altcha"})
            ),
            "hosted": stack.enter_context(
                stand.served("benchmarks.product:create_app()", ready, {**env, "W4R_BENCH_LAYOUT": product.LAYOUT})
            ),
        }
        plans = report.chosen(targets.plans(**servers), options.only)
        by_port = {server.port: server for server in servers.values()}
        measured = {name: Measured() for name in plans}
        warm: dict[str, Result] = {}
        for name, plan in plans.items():
            amount = 400 if "ALTCHA" in name else 0
            warm[name] = load.run(_with_proofs(plan, amount, env), WARM_UP_SECONDS)
        for round_number in range(options.rounds):
            # Every other round backwards, so that a drift of the machine favours nobody.
            for name in list(plans)[:: -1 if round_number % 2 else 1]:
                plan = plans[name]
                if "ALTCHA" in name:
                    # Faster than without a captcha it cannot be.
                    fastest = max(result.rate for key, result in warm.items() if key in ("sign", "sign, ALTCHA"))
                    plan = _with_proofs(plan, int(fastest * options.seconds * 2.5) + 400, env)
                server = by_port[plan.port]
                before = server.worker_cpu_seconds()
                result = load.run(plan, options.seconds)
                after = server.worker_cpu_seconds()
                used = after - before if before is not None and after is not None else None
                measured[name].add(plan, result, used)
        _check_rows(database, measured, warm)
    return {
        **facts,
        "generator": "wrk" if load.WRK else "built-in (its numbers are not those of wrk; compare ratios only)",
        "rounds": options.rounds,
        "seconds": options.seconds,
        "targets": measured,
    }


def _with_proofs(plan: Plan, amount: int, env: Mapping[str, str]) -> Plan:
    if not amount:
        return plan
    return replace(plan, proofs=proofs.solve(amount, env["W4R_BENCH_INDEX_KEY"], targets.FORM_ID))


def _check_rows(database: psycopg.Connection, measured: Mapping[str, Measured], warm: Mapping[str, Result]) -> None:
    """Each answered POST must have left its row."""

    def posted(is_floor: bool) -> int:
        rounds = sum(item.posted for name, item in measured.items() if name.startswith("floor") == is_floor)
        return rounds + sum(r.statuses.get(303, 0) for name, r in warm.items() if name.startswith("floor") == is_floor)

    for table, wanted in (("floor_signature", posted(True)), ("w4r_intake", posted(False))):
        row = database.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        if row[0] < wanted:
            next(iter(measured.values())).problems.append(f"{table} has {row[0]} rows for {wanted} answers")


def median(values: list[float]) -> float:
    """The median, or 0 of nothing."""
    return statistics.median(values) if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
