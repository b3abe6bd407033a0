"""``python -m benchmarks.keeping``: erasing one person from among a million signatures, and what falls due among them, on PostgreSQL.

An erasure is at most 20 statements and 50 ms; the person told of has signed ten cases. Retention and rotation are begun, killed
after a while, and gone on with; told is how many rows a second they do, and that none was done twice.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

from sqlalchemy import event, text

from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.privacy import my_data
from flask_w4r.services.storage.unit_of_work import run
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign

from . import data, stand
from .export import create_app

STATEMENTS, MILLISECONDS = 20, 50
_CASES = 10


def erasures(app: Any, people: int) -> tuple[int, float]:
    """Erase some people who signed every case.

    :returns: statements of the longest erasure, and the median of their milliseconds.
    """
    state = get_state(app)
    section = state.sections["AU"]
    statements: list[str] = []
    engine, _ = state.engines(app)
    event.listen(engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    most, spent = 0, []
    for number in range(people + 1):
        address = parse_address(f"many{number}@example.org")
        statements.clear()
        began = time.perf_counter()
        with app.app_context():
            run(app, lambda work, address=address: my_data.erase_all(work, section, address, locale="en"))  # type: ignore[misc]
        if number:  # The first makes the statements.
            spent.append((time.perf_counter() - began) * 1000)
            most = max(most, len(statements))
    return most, statistics.median(spent)


def add_people(app: Any, env: dict[str, str], case_ids: list[int], people: int) -> None:
    """Put people who signed every case among the others."""
    import psycopg

    state = get_state(app)
    section = state.sections["AU"]
    with psycopg.connect(env["W4R_BENCH_DATABASE"], autocommit=True) as connection:
        for number in range(people + 1):
            email = f"many{number}@example.org"
            for case_id in case_ids:
                index = state.keyring.blind(data.signature_scope(section, case_id), email)
                connection.execute(
                    "INSERT INTO w4r_signature (section, case_id, state, version, email_index, slot, person, withhold_name,"
                    " newsletter, locale, reasons, score, captcha, created_at, updated_at, confirmed_at) VALUES ('AU', %s,"
                    " 'confirmed', 1, %s, 0, %s, false, false, 'en', '[]', 0, 'pass', now(), now(), now())",
                    (case_id, index, str(state.keyring.seal_json({"first_name": "Sam", "email": email}))),
                )


def killed(env: dict[str, str], words: list[str], seconds: float) -> float:
    """Run a command, kill it after a while, and run it to its end.

    :returns: seconds in all.
    """
    command = [sys.executable, "-m", "flask", "--app", "benchmarks.keeping:site", "w4r", *words]
    began = time.perf_counter()
    first = subprocess.Popen(command, env=env, cwd=stand.ROOT, stdout=subprocess.DEVNULL)
    try:
        first.wait(seconds)
    except subprocess.TimeoutExpired:
        first.send_signal(signal.SIGKILL)
        first.wait()
    subprocess.run(command, env=env, cwd=stand.ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def site() -> Any:
    """The site of the commands that are killed."""
    return create_app(os.environ)


def main() -> int:
    """Measure and print; exit 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keeping", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="signatures")
    parser.add_argument("--people", type=int, default=20, help="who are erased")
    parser.add_argument("--only-erasing", action="store_true", help="leave rotation and retention out: they take long")
    options = parser.parse_args()
    with stand.environment() as found:
        env = {**os.environ, **found}
        app = create_app(env)
        app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"], catch_exceptions=False)
        ids = list(make_campaign(app, [f"case-{number}" for number in range(_CASES)]).values())
        keyring = Keyring([env["W4R_BENCH_ENCRYPTION_KEY"]], env["W4R_BENCH_INDEX_KEY"])
        section = get_state(app).sections["AU"]
        data.fill(env["W4R_BENCH_DATABASE"], keyring, section, ids, options.count)
        with get_state(app).engines(app)[0].connect() as connection:
            edition_id = connection.execute(text("SELECT id FROM w4r_edition WHERE section = 'AU'")).scalar_one()
        data.fill_people(env["W4R_BENCH_DATABASE"], keyring, section, edition_id, options.count)
        add_people(app, env, ids, options.people)
        statements, spent = erasures(app, options.people)
        good = statements <= STATEMENTS and spent <= MILLISECONDS
        print(f"erasing one person from {options.count:,} signatures: {statements} statements (goal {STATEMENTS}),"
              f" {spent:.1f} ms (goal {MILLISECONDS}) {'ok' if good else '--'}", flush=True)  # fmt: skip
        if options.only_erasing:
            get_state(app).engines(app)[0].dispose()
            return 0 if good else 1
        rotated = {**env, "W4R_BENCH_ENCRYPTION_KEY": f"{generate_key()},{env['W4R_BENCH_ENCRYPTION_KEY']}"}
        seconds = killed(rotated, ["keys", "rotate"], 10)
        print(
            f"keys rotated, killed once: {seconds:,.0f} s, {options.count / seconds:,.0f} signatures a second",
            flush=True,
        )
        engine, _ = get_state(app).engines(app)
        with engine.begin() as connection:
            connection.execute(text("UPDATE w4r_signature SET delivered_at = now() - interval '400 days'"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # What autovacuum does by itself where it is on: no site has a million dead rows from one statement.
            connection.execute(text("VACUUM (ANALYZE) w4r_signature"))
        seconds = killed(rotated, ["retention", "run"], 10)
        with engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM w4r_signature WHERE person IS NOT NULL")).scalar()
            left_people = connection.execute(text("SELECT count(*) FROM w4r_edition_person")).scalar()
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"signatures let go, killed once: {seconds:,.0f} s, {options.count / seconds:,.0f} a second; {left} of them and"
              f" {left_people} people left; neither took more than {most:.0f} MB of memory", flush=True)  # fmt: skip
        get_state(app).engines(app)[0].dispose()
    return 0 if good and not left else 1


if __name__ == "__main__":
    sys.exit(main())
