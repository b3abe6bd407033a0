"""What ``benchmarks.events`` measures: the map's data warm, by view and built cold, each beside its floor, in turn."""

from __future__ import annotations

import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response
from sqlalchemy import DateTime, event, select, type_coerce
from sqlalchemy.orm import Session

from flask_w4r.models import Case, Event, EventCase
from flask_w4r.services.campaign.views import Lens
from flask_w4r.services.events import geojson as event_geojson
from flask_w4r.services.events.grid import read_grid
from flask_w4r.services.events.search import EventQuery, listed
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state

from . import load, stand, targets
from .plan import Plan, Step

TO_COME = 10_000
PATH = f"{targets.PREFIX}/events.geojson"
WARM_LEAST, SQL_MOST, COLD_MOST = 0.8, 1.2, 1.2


@dataclass
class Compared:
    """One comparison: ours and the floor, in requests a second or milliseconds, and the median of the rounds' ratios."""

    name: str
    ours: float
    floor: float
    unit: str
    ratio: float
    goal: str
    holds: bool


def create_floor() -> Flask:
    """Make the app of a single view that returns the bytes and the headers in the folder ``W4R_BENCH_BYTES``."""
    app = Flask(__name__)
    # Every site with a form has one, and Flask then looks for a session.
    app.secret_key = os.environ["W4R_BENCH_SECRET"]
    folder = Path(os.environ["W4R_BENCH_BYTES"])
    body, headers = (folder / "body").read_bytes(), json.loads((folder / "headers").read_text())

    @app.get("/bytes")
    def whole():  # type: ignore[no-untyped-def]
        return Response(body, headers=headers)

    return app


def lens_of(app: Any) -> Lens:
    """As of a request in the section's second language."""
    state = get_state(app)
    return Lens(
        next(iter(state.sections.values())), "fr", state.clock(), lambda _, slug: f"{targets.PREFIX}/events/{slug}"
    )


def warm(env: dict[str, str], rounds: int, seconds: int, name: str) -> Compared:
    """The rate of the warm answer and of a bare view with the same bytes."""
    with ExitStack() as stack:
        ready = f"{targets.PREFIX}/healthz".replace("/fr", "")
        ours = stack.enter_context(stand.served("benchmarks.product:create_app()", ready, env))
        connection = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=60)
        connection.request("GET", PATH, headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or answer.getheader("Content-Encoding") != "gzip":
            raise RuntimeError(f"the map's data answered {answer.status}")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "body").write_bytes(body)
        # Those of the server itself it adds to both.
        own = ("server", "date", "connection", "content-length")
        (folder / "headers").write_text(
            json.dumps([(name, value) for name, value in answer.getheaders() if name.lower() not in own])
        )
        bare = stack.enter_context(
            stand.served("benchmarks.events_floors:create_floor()", "/bytes", {**env, "W4R_BENCH_BYTES": str(folder)})
        )
        plans = {
            "ours": Plan(ours.port, (Step("GET", PATH, 200, accept_encoding="gzip"),)),
            "floor": Plan(bare.port, (Step("GET", "/bytes", 200, accept_encoding="gzip"),)),
        }
        for plan in plans.values():
            load.run(plan, 1)
        rates: dict[str, list[float]] = {"ours": [], "floor": []}
        for number in range(rounds):
            for key in list(plans)[:: -1 if number % 2 else 1]:
                result = load.run(plans[key], seconds)
                if result.problem:
                    raise RuntimeError(result.problem)
                rates[key].append(result.rate)
    ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["floor"], strict=True))
    label = f"warm, {name} ({len(body) / 1000:.0f} kB)"
    return Compared(
        label, statistics.median(rates["ours"]), statistics.median(rates["floor"]), "req/s", ratio,
        f">= {WARM_LEAST}", ratio >= WARM_LEAST,
    )  # fmt: skip


def timed(name: str, ours: Callable[[], Any], floor: Callable[[], Any], rounds: int, most: float) -> Compared:
    """Milliseconds of two functions, in turn."""
    taken: dict[str, list[float]] = {"ours": [], "floor": []}
    for number in range(rounds + 3):
        calls = [("ours", ours), ("floor", floor)]
        for key, call in calls[:: -1 if number % 2 else 1]:
            began = time.perf_counter()
            call()
            if number >= 3:  # The first rounds warm caches and plans.
                taken[key].append((time.perf_counter() - began) * 1000)
    ratio = statistics.median(a / b for a, b in zip(taken["ours"], taken["floor"], strict=True))
    return Compared(
        name,
        statistics.median(taken["ours"]),
        statistics.median(taken["floor"]),
        "ms",
        ratio,
        f"<= {most}",
        ratio <= most,
    )


def view(app: Any, name: str, bbox: str, zoom: str, rounds: int) -> Compared:
    """One view of the map, beside its own statements sent by hand."""
    grid = read_grid(bbox, zoom)
    assert grid is not None
    lens = lens_of(app)
    _, reader = get_state(app).engines(app)
    sent: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *about: Any) -> None:
        sent.append((statement, parameters))

    def ours() -> Any:
        return event_geojson.view_alone(reader, lens, grid, EventQuery())

    event.listen(reader, "before_cursor_execute", note)
    made = ours()[1]
    event.remove(reader, "before_cursor_execute", note)
    statements = list(sent)

    def by_hand() -> Any:
        pooled = reader.raw_connection()
        try:
            database: Any = pooled.driver_connection
            database.autocommit = True
            found = [database.execute(statement, parameters).fetchall() for statement, parameters in statements]
            database.autocommit = False
        finally:
            pooled.close()
        return found

    label = f"view, {name} ({made} features, {len(statements)} statements)"
    return timed(label, ours, by_hand, rounds, SQL_MOST)


def cold(app: Any, rounds: int) -> Compared:
    """The whole document from nothing, beside Core rows and orjson."""
    lens = lens_of(app)

    def ours() -> bytes:
        return read(app, lambda session: event_geojson.document(session, lens)[0].encode())

    def with_orjson(session: Session) -> bytes:
        wanted = listed(lens.section.code, lens.now)
        columns = (
            Event.id, Event.slug, Event.title, Event.starts_local,
            type_coerce(Event.starts_at, DateTime()).label("starts_at"), Event.kind, Event.availability, Event.town,
            Event.public_lat, Event.public_lon, Event.ends_local,
        )  # fmt: skip
        rows = session.execute(select(*columns).where(*wanted).order_by(Event.starts_at, Event.id).limit(TO_COME + 1))
        cases: dict[int, list[str]] = {}
        for number, slug in session.execute(
            select(EventCase.event_id, Case.slug)
            .join(Case, Case.id == EventCase.case_id)
            .join(Event, Event.id == EventCase.event_id)
            .where(*wanted, Case.section == lens.section.code, Case.status != "withdrawn")
            .order_by(Case.position, Case.id)
        ):
            cases.setdefault(number, []).append(slug)
        features: list[dict[str, Any]] = []
        for row in rows.all():
            point = None
            if row.kind != "online":
                point = {"type": "Point", "coordinates": [round(row.public_lon, 5), round(row.public_lat, 5)]}
            ahead = event_geojson.utc_offset(row.starts_local - row.starts_at)
            features.append(
                {
                    "type": "Feature",
                    "id": row.slug,
                    "geometry": point,
                    "properties": {
                        "id": row.slug, "title": row.title, "url": f"{targets.PREFIX}/events/{row.slug}",
                        "starts_at": row.starts_local.isoformat() + ahead, "kind": row.kind,
                        "online": row.kind in ("online", "hybrid"), "cases": cases.get(row.id, []),
                        "availability": row.availability, "place": row.town,
                    },
                }
            )  # fmt: skip
            if row.ends_local.date() != row.starts_local.date():
                features[-1]["properties"]["ends_on"] = row.ends_local.date().isoformat()
        return orjson.dumps({"type": "FeatureCollection", "features": features})

    def floor() -> bytes:
        return read(app, with_orjson)

    made = ours()
    if json.loads(made) != json.loads(floor()):
        raise RuntimeError("the two documents differ")
    return timed(f"cold build ({len(made) / 1e6:.1f} MB)", ours, floor, rounds, COLD_MOST)
