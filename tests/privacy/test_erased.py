"""Whoever was erased is nowhere: not in the clear, not sealed, not as a keyed hash, and not in what a file still holds of it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as engine_events
from sqlalchemy import text

from flask_w4r.models import metadata
from flask_w4r.services.hosting.draft import host_scope
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.rsvps.ask import email_scope
from flask_w4r.services.tally.counts import person_scope, signature_scope
from flask_w4r.testing import make_signatures
from tests.conftest import MakeHost, every_database
from tests.events.walks import Site

from .walks import ADDRESS, Walk, make_walk

#: Of the walk's person, and of nobody else in it.
CANARIES = (ADDRESS, "sam.wattle", "Wattle", "0491 570 156", "12 Hidden Lane")


def values(walk: Site) -> list[tuple[str, str, Any]]:
    """Every value of every table: where it stands, and what it is."""
    found = []
    with walk.host.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                found += [(table.name, name, value) for name, value in row.items() if value is not None]
    return found


def opened(walk: Site, value: Any) -> str:
    if isinstance(value, str) and value.startswith("v1:"):
        return str(walk.state.keyring.open(value))
    return value if isinstance(value, str) else json.dumps(value, default=str)


def known_by(walk: Walk) -> set[bytes]:
    """All that the address may be known by where it acted."""
    keyring, section = walk.state.keyring, walk.section
    canonical = parse_address(ADDRESS).canonical
    rows = {name: walk.host.rows(f"SELECT id FROM w4r_{name}") for name in ("case", "edition", "event")}
    scopes = [host_scope(section)]
    scopes += [signature_scope(section, row.id) for row in rows["case"]]
    scopes += [person_scope(section, row.id) for row in rows["edition"]]
    scopes += [email_scope(section, row.id) for row in rows["event"]]
    return {keyring.blind(scope, canonical) for scope in scopes}


def in_clear(walk: Walk) -> set[tuple[str, str]]:
    """Where something of the person stands without a seal."""
    return {
        (table, column)
        for table, column, value in values(walk)
        if isinstance(value, str | list | dict)
        and any(one in json.dumps(value, ensure_ascii=False) for one in CANARIES)
    }


def traces(walk: Walk) -> set[tuple[str, str]]:
    hashes = known_by(walk)
    return {
        (table, column)
        for table, column, value in values(walk)
        if (
            bytes(value) in hashes
            if isinstance(value, bytes | memoryview)
            else any(one in opened(walk, value) for one in CANARIES)
        )
    }


@every_database
def test_nothing_is_left_of_whoever_was_erased(
    make_host: MakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("", "flask_w4r", "sqlalchemy.engine"):
        caplog.set_level(logging.DEBUG, name)
    walk = make_walk(make_host)
    walk.act()
    # One form the worker has not seen, one mail that has not left, an event at home.
    walk.sign(cases=("ann-example",), first_name="Samuel")
    number = walk.host.rows("SELECT id FROM w4r_event WHERE title = 'My event'")[0].id
    walk.change(
        "UPDATE w4r_event SET state = 'published', kind = 'private', published_at = created_at, held_at = NULL"
        f" WHERE id = {number}"
    )
    assert {table for table, _ in traces(walk)} >= {"w4r_signature", "w4r_rsvp", "w4r_event", "w4r_edition_person"}
    assert in_clear(walk) == set()
    client = walk.enter()
    sealed = [value.encode() for _, _, value in values(walk) if isinstance(value, str) and value.startswith("v1:")
              and any(one in opened(walk, value) for one in CANARIES)]  # fmt: skip
    assert sealed
    walk.choose(client, "erase_all", sure="yes")
    walk.work()
    walk.work()
    assert traces(walk) == set()
    assert len(caplog.text) > 1000
    assert not [one for one in CANARIES if one in caplog.text]
    if walk.host.engine.dialect.name == "sqlite":
        with walk.host.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        (file,) = tmp_path.rglob("site.sqlite3")
        held = b"".join(path.read_bytes() for path in file.parent.glob("site.sqlite3*"))
        assert not [value for value in sealed if value in held]


def test_an_erasure_costs_few_statements(make_host: MakeHost) -> None:
    """At most twenty, however many signatures the section has."""
    walk = make_walk(make_host)
    walk.sign()
    walk.work()
    walk.confirm()
    make_signatures(walk.host.app, "ann-example", 300, state="confirmed")
    client = walk.enter()
    statements: list[str] = []

    def seen(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        statements.append(statement)

    page = client.get("/au/my-data")
    assert page.status_code == 200
    from flask_w4r.services.privacy import my_data
    from flask_w4r.services.storage.unit_of_work import run

    engines = walk.state.engines(walk.host.app)
    for engine in engines:
        engine_events.listen(engine, "before_cursor_execute", seen)
    try:
        run(walk.host.app, lambda work: my_data.erase_all(work, walk.section, parse_address(ADDRESS), locale="en"))
    finally:
        for engine in engines:
            engine_events.remove(engine, "before_cursor_execute", seen)
    assert 5 < len(statements) <= 20, statements
