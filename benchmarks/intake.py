"""``python -m benchmarks.intake``: how fast one worker empties the intake, beside how fast the web fills it, on PostgreSQL.

Each round two web workers take sign forms for some seconds; then, with the web idle, one worker processes them all. The
people have names, providers and networks of many kinds; every third signs three cases.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event

from flask_w4r.cli.jobs import settle, tools_for
from flask_w4r.services.intake import batch
from flask_w4r.services.intake.sent import Sent
from flask_w4r.services.people import consents
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import day_secret, network_of, network_tiers
from flask_w4r.services.petitions.intake import take_in
from flask_w4r.services.petitions.signing import Submission
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state

from . import inside, load, product, stand, targets

GOAL = 1.5
_FIRST = ("Amina", "Karim", "Sofia", "Jonas", "Leïla", "Marek", "Noor", "Tomás", "Ingrid", "Yusuf")
_LAST = ("Haddad", "Berg", "Costa", "Nowak", "Okafor", "Silva", "Tanaka", "Weiss", "Amrani", "Lund")
_PROVIDERS = ("gmail.com", "outlook.com", "yahoo.fr", "proton.me")


def fill(app: Flask, count: int, turn: int) -> None:
    """Write down what people of many kinds sent."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    dice = random.Random(turn)
    now = state.clock()
    secret = run(app, lambda uow: day_secret(uow.session, state.keyring, now.date()))
    question = consents.question(section, consents.PETITION, "fr")
    answer = consents.ConsentAnswer(consents.PETITION, question.digest, True)
    for number in range(count):
        first, last = dice.choice(_FIRST), f"{dice.choice(_LAST)}-{dice.choice(_LAST)}"
        own = f"{last}{dice.randrange(10**6)}.example" if number % 5 == 0 else dice.choice(_PROVIDERS)
        address = parse_address(f"{first}.{last}.{turn}x{number}@{own}".encode("ascii", "ignore").decode())
        ip = f"{dice.randrange(1, 223)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}"
        sent = Sent(
            now + timedelta(milliseconds=number), network_of(secret, now.date(), network_tiers(ip)), "off",
            (1, 2, 3) if number % 3 == 0 else (1,),
        )  # fmt: skip
        take_in(app, section, Submission(first, last, address, "fr", consents=(answer,)), sent)


def empty(app: Flask) -> tuple[int, float]:
    """Process all that waits; how many forms, and the seconds it took."""
    tools = tools_for(app)
    began = time.perf_counter()
    done = batch.job(app, tools)
    if done["set_aside"]:
        raise RuntimeError(f"{done['set_aside']} forms could not be processed")
    return done["processed"], time.perf_counter() - began


def measure(env: dict[str, str], rounds: int, seconds: float) -> dict[str, Any]:
    """The web's rate and the worker's, in turn."""
    inside.prepare(env)
    app = product.create_app()
    ready = f"{targets.PREFIX}/healthz".replace("/fr", "")
    web, worker, mixed, statements = [], [], [], 0
    noted: list[str] = []
    event.listen(get_state(app).engines(app)[0], "before_cursor_execute", lambda *about: noted.append(about[2]))
    with stand.served("benchmarks.product:create_app()", ready, env) as server:
        plan = targets.plans(server, server, server, server)["sign"]
        load.run(plan, 1)
        empty(app)
        settle()
        for turn in range(rounds):
            result = load.run(plan, seconds)
            if result.problem:
                raise RuntimeError(result.problem)
            web.append(result.rate)
            noted.clear()
            count, taken = empty(app)
            statements = len(noted)
            if count != result.statuses[303]:
                raise RuntimeError(f"{count} forms processed of {result.statuses[303]}")
            worker.append(count / taken)
            fill(app, count, turn)
            count, taken = empty(app)
            mixed.append(count / taken)
    get_state(app).engines(app)[0].dispose()
    ratios = [a / b for a, b in zip(worker, web, strict=True)]
    return {
        "posts_per_second": statistics.median(web),
        "processed_per_second": statistics.median(worker),
        "mixed_per_second": statistics.median(mixed),
        "ratio": statistics.median(ratios),
        "mixed_ratio": statistics.median([a / b for a, b in zip(mixed, web, strict=True)]),
        "statements_a_form": statements / max(1, count),
        "goal": GOAL,
    }


def table(found: dict[str, Any]) -> str:
    """The numbers as text."""
    ok = "ok" if found["ratio"] >= GOAL else "--"
    return (
        f"two web workers take {found['posts_per_second']:.0f} forms/s; one worker processes"
        f" {found['processed_per_second']:.0f}/s, ratio {found['ratio']:.2f} (goal {GOAL}) {ok}; people of many kinds,"
        f" every third with three cases: {found['mixed_per_second']:.0f}/s, ratio {found['mixed_ratio']:.2f};"
        f" {found['statements_a_form']:.2f} statements a form"
    )


def main() -> int:
    """Measure and print; exit 1 where the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    options = parser.parse_args()
    with stand.environment() as env:
        found = measure({**os.environ, **env}, options.rounds, options.seconds)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(json.dumps(found, indent=2) + "\n")
    print(table(found))
    return 0 if found["ratio"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
