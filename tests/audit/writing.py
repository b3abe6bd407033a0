"""Entries put in the log, what a check says of them, and what who holds the database can do to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from flask_w4r.services.audit import record as audit
from flask_w4r.services.audit import verify as audit_verify
from flask_w4r.services.storage.unit_of_work import read, run
from flask_w4r.state import get_state
from tests.conftest import Host

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(host: Host, number: int = 5, *, section: str = "AU", at: datetime = NOW, **other: Any) -> audit.Head:
    """Append entries, an hour apart."""
    state = get_state(host.app)
    head = audit.Head(0, audit.FIRST)
    for place in range(number):
        values: dict[str, Any] = {
            "actor_id": "mo", "action": f"act_{place % 3}", "subject": f"rule:{place}",
            "changes": {"level": ["normal", "closed"], "count": [place, place + 1]}, "count": place + 1, **other,
        }  # fmt: skip
        head = run(
            host.app,
            lambda uow: audit.append(
                uow.session, state.keyring, state.sections[section], now=at + timedelta(hours=place), **values
            ),
        )
    return head


def verify(host: Host, section: str = "AU", expect: audit.Head | None = None) -> audit_verify.Report:
    keyring = get_state(host.app).keyring
    return read(host.app, lambda session: audit_verify.verify(session, keyring, section, expect=expect))


def kinds(report: audit_verify.Report) -> set[str]:
    return {fault.kind for fault in report.faults}


def tamper(host: Host, *statements: str, **values: Any) -> None:
    with host.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), values)


TABLES = ("w4r_audit", "w4r_audit_head", "w4r_audit_checkpoint")
Dump = dict[str, list[dict[str, Any]]]


def dump(host: Host) -> Dump:
    """All rows of the log, as a backup keeps them."""
    return {table: [dict(row._mapping) for row in host.rows(f"SELECT * FROM {table}")] for table in TABLES}


def restore(host: Host, kept: Dump) -> None:
    """Put a backup back, in place of whatever is there."""
    tamper(host, *(f"DELETE FROM {table}" for table in TABLES))
    with host.engine.begin() as connection:
        for table, rows in kept.items():
            for row in rows:
                plain = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
                marks = ", ".join(f":{name}" for name in plain)
                connection.execute(text(f"INSERT INTO {table} ({', '.join(plain)}) VALUES ({marks})"), plain)
