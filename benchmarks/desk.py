"""``python -m benchmarks.desk``: the desk in front of a million signatures in PostgreSQL.

It makes a database of its own, fills it, and times what the desk's first page, a filter of it and the overview ask of
the database, beside a query for a single row by its primary key, in turn, in the same process and over the same
connection. Ratios of medians are printed; above :data:`MOST` the run fails, but for :data:`EXPLAINED`. The rows are
made by the database itself: most are confirmed, one in a hundred is held, a tenth came in the last day.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from flask_w4r.models import Signature
from flask_w4r.services.moderation import overview, overview_kept, pulse, queue
from flask_w4r.services.moderation.filters import Filters, NetworkMark
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import Actor, Hooks, get_state

from . import inside, product, stand

MOST = 10.0
#: What may take longer; docs/moderation says why, and what would help. All else above :data:`MOST` fails the run.
EXPLAINED = (
    "queue, unconfirmed",
    "queue, case and score",
    "queue, a score of none",
    "queue, a captcha of none",
    "queue, a network of none",
    "overview, 24h",
    "overview, 72h",
    "overview, 14d",
)
_FILL = """
INSERT INTO w4r_signature (section, case_id, state, version, email_index, slot, details_index, name_index, person,
    withhold_name, newsletter, locale, held_at, held_for, released_at, reasons, score, captcha, net_day, net_host,
    net_site, net_block, mail_domain, created_at, updated_at, confirmed_at)
SELECT %(section)s, (%(cases)s::bigint[])[1 + n %% %(many)s], CASE WHEN n %% 7 = 0 THEN 'pending' ELSE 'confirmed' END,
    1, sha256(('e' || n)::bytea), 0, sha256(('d' || n)::bytea), sha256(('n' || n %% 9000)::bytea), %(person)s,
    false, n %% 3 = 0, 'en', CASE WHEN n %% 100 = 0 THEN at END,
    CASE WHEN n %% 100 = 0 THEN (ARRAY['honeypot', 'rate_network', 'disposable_domain'])[1 + n / 100 %% 3] END, NULL,
    CASE WHEN n %% 100 = 0 THEN '[{"check": "honeypot", "score": 60, "hold": true}]' ELSE '[]' END::json,
    CASE WHEN n %% 100 = 0 THEN 60 ELSE 0 END, 'pass', at::date, sha256(('h' || n %% 40000)::bytea),
    sha256(('s' || n %% 9000)::bytea), sha256(('b' || n %% 900)::bytea),
    CASE WHEN n %% 2 = 0 THEN 'gmail.com' END, at, at, CASE WHEN n %% 7 = 0 THEN NULL ELSE at END
FROM (
    SELECT n, now() AT TIME ZONE 'utc' - CASE WHEN n %% 10 = 0 THEN interval '1 day' ELSE interval '60 days' END
        * ((n::bigint * 7919 %% %(rows)s)::float / %(rows)s) AS at
    FROM generate_series(1, %(rows)s) AS n
) AS made
"""


@dataclass
class Timed:
    """What one look at the desk asked of the database, in milliseconds, and how it compares."""

    name: str
    #: The median of all statements of one call together, and of the call as a whole with what Python does.
    database_ms: float
    whole_ms: float
    statements: int
    #: Each statement's median against that of the query by primary key; the highest decides.
    worst_ratio: float
    ratio_of_all: float
    worst_sql: str


class Clock:
    """Times every statement between being sent and its rows being there."""

    def __init__(self, engine: Any) -> None:
        self.taken: list[tuple[str, float]] = []
        self._began = 0.0
        event.listen(engine, "before_cursor_execute", self._begin)
        event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, *about: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, connection: Any, cursor: Any, statement: str, *about: Any) -> None:
        # psycopg has every row once a statement is executed.
        self.taken.append((statement, (time.perf_counter() - self._began) * 1000))


def fill(app: Any, url: str, rows: int) -> float:
    """Put the signatures in; returns how long it took, in seconds."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    person = state.keyring.seal_json({"first_name": "Sam", "last_name": "Sample", "email": "sam@example.org"})
    began = time.perf_counter()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
        cases = [row[0] for row in database.execute("SELECT id FROM w4r_case ORDER BY id")]
        values = {"rows": rows, "cases": cases, "many": len(cases), "section": section.code, "person": str(person)}
        database.execute(_FILL, values)
        database.execute("VACUUM ANALYZE w4r_signature")
    return time.perf_counter() - began


def count(app: Any) -> None:
    """Count as the worker does, and as far back as the overview can look, as if it had run all the time."""
    pulse.count(app, get_state(app).clock(), max(hours for hours, _ in overview.WINDOWS.values()))
    pulse.run_pulse(app)


def looks(app: Any) -> dict[str, Callable[[Session], Any]]:
    """What is timed, by name; the first is what the others are compared with."""
    state = get_state(app)
    section = next(iter(state.sections.values()))
    actor = Actor("1", "Mo")
    hooks = Hooks(actor_loader=lambda: actor, permission_check=lambda *asked: True)
    numbers = read(app, lambda session: session.scalars(select(Signature.id).order_by(Signature.id).limit(500)).all())
    place = iter(range(10**9))

    def by_key(session: Session) -> Any:
        number = numbers[next(place) * 37 % len(numbers)]
        return session.execute(select(Signature.__table__).where(Signature.id == number)).one()

    def page(**chosen: Any) -> Callable[[Session], Any]:
        return lambda session: queue.page_of(session, hooks, actor, state.keyring, section, Filters(**chosen))

    def next_page(session: Session) -> Any:
        cursor = queue.page_of(session, hooks, actor, state.keyring, section, Filters()).next_cursor
        return queue.page_of(session, hooks, actor, state.keyring, section, Filters(), cursor)

    def numbers_of(window: str, kept: overview_kept.Kept | None) -> Callable[[Session], Any]:
        """Read anew, as after each count of the worker; or with what the process keeps, as until the next one."""
        return lambda session: overview.overview(
            session, hooks, actor, section, window=window, now=state.clock(), kept=kept
        )

    slug = read(app, lambda session: queue.case_choices(session, section))[0][0]
    return {
        "one row by primary key": by_key,
        "queue, first page": page(),
        "queue, newest first": page(order="newest"),
        "queue, one case": page(case=slug),
        "queue, one reason": page(held_for="honeypot"),
        "queue, unconfirmed": page(state="pending"),
        "queue, case and score": page(case=slug, score=50),
        "queue, one domain": page(mail_domain="gmail.com"),
        "queue, a domain with nothing": page(mail_domain="nobody.example"),
        "queue, a score of none": page(score=900),
        "queue, a captcha of none": page(captcha="missing"),
        "queue, a network of none": page(net=NetworkMark(state.clock().date(), "host", b"-" * 32)),
        **{f"overview, {window}": numbers_of(window, None) for window in overview.WINDOWS},
        **{f"overview, {window}, again": numbers_of(window, overview_kept.Kept()) for window in overview.WINDOWS},
    }


def measure(app: Any, rounds: int) -> list[Timed]:
    """Time every look ``rounds`` times, in turn."""
    _, engine = get_state(app).engines(app)
    clock = Clock(engine)
    calls = looks(app)
    statements: dict[str, list[list[tuple[str, float]]]] = {name: [] for name in calls}
    whole: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 3):
        for name, call in calls.items():
            clock.taken = []
            began = time.perf_counter()
            read(app, call)
            if number >= 3:  # The first rounds warm caches and plans.
                whole[name].append((time.perf_counter() - began) * 1000)
                statements[name].append(clock.taken)
    yardstick = statistics.median(taken[0][1] for taken in statements["one row by primary key"])
    found = []
    for name, rounds_taken in statements.items():
        medians = [
            (statistics.median(taken[place][1] for taken in rounds_taken), rounds_taken[0][place][0])
            for place in range(len(rounds_taken[0]))
        ]
        all_ms = statistics.median(sum(ms for _, ms in taken) for taken in rounds_taken)
        worst, sql = max(medians)
        found.append(
            Timed(
                name, all_ms, statistics.median(whole[name]), len(medians), worst / yardstick, all_ms / yardstick, sql
            )
        )
    return found


def main() -> int:
    """Fill, measure, print; exit 1 where a look takes more than :data:`MOST` times the query by primary key."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with stand.environment() as env:
        os.environ.update({key: value for key, value in env.items() if key.startswith("W4R_BENCH_")})
        inside.prepare(env)
        app = product.create_app()
        took = fill(app, env["W4R_BENCH_DATABASE"], options.rows)
        began = time.perf_counter()
        count(app)
        with psycopg.connect(env["W4R_BENCH_DATABASE"].replace("+psycopg", ""), autocommit=True) as database:
            database.execute("VACUUM ANALYZE w4r_pulse")
        counted = time.perf_counter() - began
        found = measure(app, options.rounds)
        for engine in get_state(app).engines(app):
            engine.dispose()
    if options.json:
        print(json.dumps({"rows": options.rows, "looks": [asdict(one) for one in found]}, indent=2))
    else:
        print(f"{options.rows:,} signatures, filled in {took:.0f} s; the worker counted them in {counted:.1f} s")
        print(f"{'':32}{'database':>12}{'whole':>12}{'statements':>12}{'all':>8}{'worst':>8}")
        for one in found:
            print(f"{one.name:32}{one.database_ms:>9.2f} ms{one.whole_ms:>9.2f} ms{one.statements:>12}"
                  f"{one.ratio_of_all:>7.1f}x{one.worst_ratio:>7.1f}x")  # fmt: skip
        for one in found:
            if one.ratio_of_all > MOST:
                note = "as docs/moderation explains" if one.name in EXPLAINED else "NOT EXPLAINED"
                print(f"\nabove {MOST:g}x, {note}: {one.name}; its longest statement:\n{one.worst_sql}")
    return 1 if any(one.ratio_of_all > MOST and one.name not in EXPLAINED for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
