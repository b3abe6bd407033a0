"""``python -m benchmarks.events``: the map's data in front of 50,000 events in PostgreSQL.

Three things, each beside its floor, in turn:

* the warm GeoJSON, whole (10,000 events to come of the 50,000) and grouped (all 50,000 to come): requests a second by two
  gunicorn workers, beside a bare Flask view that returns the same bytes and headers;
* one view of the map: the service's function, text and all, beside the same SQL sent and fetched with
  psycopg, by a connection out of the same pool;
* a cold build of the whole set: beside Core rows, dictionaries and orjson, which must give the same document.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from flask_w4r.services.events import changes as event_changes
from flask_w4r.services.storage.unit_of_work import UnitOfWork, run
from flask_w4r.state import get_state
from flask_w4r.testing import make_events

from . import inside, product, stand
from .events_floors import TO_COME, cold, view, warm

ROWS = 50_000
#: Views of the map: its sides and its zoom.
VIEWS = {
    "the world": ("-180,-85,180,85", "2"),
    "a continent": ("-20,-36,52,38", "4"),
    "a country": ("-14,27,0,36", "7"),
    "a town": ("-8,33.2,-7,33.8", "11"),
    "a town with events": ("69.5,13.2,70.5,13.8", "11"),
}


def fill(app: Any, rows: int, to_come: int) -> None:
    """Put the events in some 900 towns all over the world, ``to_come`` of them in the future."""
    now = get_state(app).clock()

    def town(number: int) -> int:
        return number * 7919 % 907

    def starts_at(number: int) -> Any:
        return now + timedelta(days=5, minutes=number) if number <= to_come else now - timedelta(days=number % 900 + 2)

    make_events(
        app, rows, cases=product.SLUGS[:2], starts_at=starts_at, time_zone="Africa/Casablanca",
        town=lambda number: f"Town {town(number)}",
        title=lambda number: f"An evening of letters, number {number}",
        public_lat=lambda number: round(-55 + town(number) * 0.137, 4),
        public_lon=lambda number: round((town(number) * 61.7) % 360 - 180, 4),
        kind=lambda number: ("public", "private", "school", "online", "hybrid")[number % 5],
    )  # fmt: skip
    analyze(app)


def analyze(app: Any) -> None:
    """As autovacuum would soon after."""
    writer, _ = get_state(app).engines(app)
    with writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("w4r_event", "w4r_event_case"):
            connection.execute(text(f"VACUUM ANALYZE {table}"))


def all_to_come(app: Any) -> None:
    """Move every event into the future."""
    state = get_state(app)

    def work(uow: UnitOfWork) -> None:
        later = {"a": state.clock() + timedelta(days=9)}
        uow.session.execute(text("UPDATE w4r_event SET starts_at = :a, ends_at = :a WHERE ends_at < now()"), later)
        event_changes.touch(uow.session, next(iter(state.sections.values())), state.clock())

    run(app, work)
    analyze(app)


def main() -> int:
    """Fill, measure, print; exit 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.events", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=5, help="of the load; twenty times as many of the rest")
    parser.add_argument("--seconds", type=int, default=2, help="of each timed window of the load")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = []
    with stand.environment() as env:
        os.environ.update({key: value for key, value in env.items() if key.startswith("W4R_BENCH_")})
        inside.prepare(env)
        app = product.create_app()
        fill(app, options.rows, min(TO_COME, options.rows))
        found.append(cold(app, options.rounds * 4))
        found.append(warm(env, options.rounds, options.seconds, "whole"))
        all_to_come(app)
        for name, (bbox, zoom) in VIEWS.items():
            found.append(view(app, name, bbox, zoom, options.rounds * 20))
        found.append(warm(env, options.rounds, options.seconds, "grouped"))
        for engine in get_state(app).engines(app):
            engine.dispose()
    if options.json:
        print(json.dumps([item.__dict__ for item in found], indent=2))
    else:
        print(f"{options.rows:,} events, PostgreSQL; medians\n")
        print(f"{'':<52}{'ours':>9}{'floor':>9}       {'ratio':>6}  goal")
        for item in found:
            mark = "ok" if item.holds else "--"
            line = f"{item.name:<52}{item.ours:>9.1f}{item.floor:>9.1f} {item.unit:<6}{item.ratio:>6.2f}  {item.goal} {mark}"
            print(line)
    return 0 if all(item.holds for item in found) else 1


if __name__ == "__main__":
    sys.exit(main())
