"""``python -m benchmarks.numbers``: the page of numbers for people in front of a million signatures, on PostgreSQL and MariaDB.

It makes a database of its own on each server, fills it by the database itself, and times what the page reads anew every ten minutes,
part by part. Above :data:`MOST_MS` for a part the run fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.models import Edition
from flask_w4r.services.moderation import pulse
from flask_w4r.services.numbers import cases, funnel, page
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import make_campaign

from . import product, stand

MOST_MS = 500.0
SERVERS = {
    "postgresql": stand.POSTGRES,
    "mariadb": os.environ.get(
        "W4R_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1/mysql?charset=utf8mb4&ssl_disabled=1"
    ),
}
#: What differs from server to server: a series of numbers, a hash of a text, a moment within sixty days.
_SERIES = {
    "postgresql": "generate_series(1, {rows}) AS made(n)",
    "mariadb": "(SELECT seq AS n FROM seq_1_to_{rows}) AS made",
}
_HASH = {"postgresql": "sha256(('{0}' || n)::bytea)", "mariadb": "UNHEX(SHA2(CONCAT('{0}', n), 256))"}
_AGO = {
    "postgresql": "now() AT TIME ZONE 'utc' - mod(n * 13, 5184000) * interval '1 second'",
    "mariadb": "UTC_TIMESTAMP(6) - INTERVAL mod(n * 13, 5184000) SECOND",
}
#: Seven in ten have one of thirty listed providers; one in seven waits to be confirmed; one in a hundred is held.
_FILL = """
INSERT INTO w4r_signature (section, case_id, state, version, email_index, slot, details_index, name_index, person,
    withhold_name, newsletter, locale, held_at, held_for, reasons, score, captcha, mail_domain, created_at, updated_at, confirmed_at)
SELECT '{section}', {first} + mod(n, {many}), CASE WHEN mod(n, 7) = 0 THEN 'pending' ELSE 'confirmed' END, 1, {email}, 0, {details}, {name},
    '{person}', false, mod(n, 3) = 0, 'en', CASE WHEN mod(n, 100) = 0 THEN {at} END, CASE WHEN mod(n, 100) = 0 THEN 'honeypot' END, '[]', 0, 'pass',
    CASE WHEN mod(n, 10) < 7 THEN CONCAT('p', mod(n, 30), '.example') END, {at}, {at}, CASE WHEN mod(n, 7) = 0 THEN NULL ELSE {at} END
FROM {series}
"""


@contextmanager
def database(kind: str) -> Iterator[str]:
    """A database of its own, dropped afterwards."""
    admin, name = make_url(SERVERS[kind]), f"w4r_bench_{uuid.uuid4().hex[:8]}"
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield admin.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name}{' WITH (FORCE)' if kind == 'postgresql' else ''}"))
    engine.dispose()


def site(url: str) -> Flask:
    """A site with three cases in it."""
    app = Flask("bench_numbers")
    app.config.update(
        SECRET_KEY="of a benchmark", SQLALCHEMY_DATABASE_URI=url, TESTING=True, W4R_SECTION={"preset": "AU", "url_prefix": "/au"},
        W4R_ENCRYPTION_KEYS=[generate_key()], W4R_INDEX_KEY=generate_key(), W4R_BASE_URL="http://127.0.0.1",
    )  # fmt: skip
    W4R(app, SQLAlchemy(app))
    done = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    if done.exit_code:
        raise RuntimeError(done.output)
    make_campaign(app, product.SLUGS)
    return app


def fill(app: Flask, kind: str, rows: int) -> None:
    """Put the signatures in, and have the worker count them as if it had run all the time."""
    state = get_state(app)
    person = state.keyring.seal_json({"first_name": "Sam", "last_name": "Sample", "email": "sam@example.org"})
    engine: Engine
    engine, _ = state.engines(app)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        began = datetime.now(UTC).date() - timedelta(days=59)
        connection.execute(update(Edition).values(starts_on=began))
        first, many = connection.execute(text("SELECT min(id), count(*) FROM w4r_case")).one()
        hashes = {of: _HASH[kind].format(of) for of in ("email", "details", "name")}
        connection.exec_driver_sql(
            _FILL.format(
                section="AU", first=first, many=many, person=person, at=_AGO[kind],
                series=_SERIES[kind].format(rows=rows), **hashes,
            )
        )  # fmt: skip
        connection.exec_driver_sql(
            "VACUUM ANALYZE w4r_signature" if kind == "postgresql" else "ANALYZE TABLE w4r_signature"
        )
    pulse.count(app, state.clock(), 61 * 24)


def looks(app: Flask) -> Mapping[str, Callable[[Session], Any]]:
    """What is timed, by name."""
    state = get_state(app)
    section, now = state.sections["AU"], state.clock()
    edition = read(app, lambda session: session.scalars(select(Edition.id)).one())
    found = read(app, lambda session: page.read_numbers(session, section, None, now=now))
    return {
        "by day": lambda session: funnel.by_day(session, section, found.first, found.last),
        "by source": lambda session: funnel.by_source(session, section, found.first, found.last),
        "by provider": lambda session: funnel.by_provider(session, section, found.first, found.last),
        "by case": lambda session: cases.by_case(
            session, section, edition, page.tally.counts(session, section, edition, now), now
        ),
        "by edition": lambda session: cases.by_edition(session, section),
        "the page": lambda session: page.read_numbers(session, section, None, now=now),
    }  # fmt: skip


def measure(kind: str, rows: int, rounds: int) -> dict[str, float]:
    """Medians in milliseconds, by part."""
    with database(kind) as url:
        app = site(url)
        began = time.perf_counter()
        fill(app, kind, rows)
        print(f"{kind}: {rows:,} signatures, filled and counted in {time.perf_counter() - began:.0f} s", flush=True)
        taken: dict[str, list[float]] = {}
        calls = looks(app)
        for _ in range(rounds):
            for name, look in calls.items():
                began = time.perf_counter()
                read(app, look)
                taken.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        for engine in get_state(app).engines(app):
            engine.dispose()
    return {name: statistics.median(each) for name, each in taken.items()}


def main() -> int:
    """Measure, print; exit 1 where a part takes longer than :data:`MOST_MS`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numbers", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=sorted(SERVERS))
    options = parser.parse_args()
    slow = False
    for kind in SERVERS if options.only is None else (options.only,):
        for name, milliseconds in measure(kind, options.rows, options.rounds).items():
            print(f"  {name:20}{milliseconds:>10.1f} ms")
            slow |= milliseconds > MOST_MS
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
