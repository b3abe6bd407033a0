"""A whole section into one archive, in one view of the database, while the site goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Column, Connection, Engine, Table, func, select
from sqlalchemy.orm import Session

from ...errors import W4RError
from ...keyring import Keyring, SealBroken, Sealed
from ...models import metadata
from ...models.base import VERSION_TABLE
from ...models.types import EncryptedText
from ...sections import Section
from ...state import W4RState, get_state
from ..privacy.ledger_file import lines as ledger_lines
from ..storage import schema
from . import archive, codec, tables

#: What tells one index key from another, and nothing of it.
_FINGERPRINT = ("section-archive", "index key")
PICTURES, LEDGER_TABLE = "w4r_picture", "w4r_erasure"
#: Told after each member: the table, and how many rows are in it.
Told = Callable[[str, int], None]


def fingerprints(keyring: Keyring) -> list[str]:
    """By what an archive names the index keys that its hashes were made with, the newest first."""
    return [one.hex() for one in keyring.blinds(*_FINGERPRINT)]


@contextmanager
def one_view(app: Any) -> Iterator[Connection]:
    """A connection that sees the database as it is now until it ends, and keeps nobody from writing."""
    writer, reader = get_state(app).engines(app)
    sqlite = writer.dialect.name == "sqlite"
    engine: Engine = reader if sqlite else writer.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK") if sqlite else connection.rollback()


def export(app: Any, section: Section, stream: IO[bytes], *, reseal: bool, told: Told) -> dict[str, int]:
    """Write all that a section has.

    :param stream: what takes the archive, and encrypts it.
    :param reseal: what is sealed goes opened, to be sealed with the keys of the site that it goes to.
    :param told: called after each piece.
    :returns: rows by table.
    :raises W4RError: a sealed value cannot be opened.
    """
    state = get_state(app)
    writer = archive.Writer(stream)
    written: dict[str, int] = {}
    with one_view(app) as connection:
        writer.add(archive.HEADER, archive.packed(_header(connection, state, section, state.clock(), reseal=reseal)))
        for name, table in tables.owned().items():
            if name == LEDGER_TABLE:
                continue
            for number, rows in enumerate(_pieces(connection, state, table, section.code)):
                data = _lines(state.keyring, writer, table, rows, reseal=reseal)
                writer.add(f"tables/{name}/{number:06}.jsonl", data, rows=len(rows))
                written[name] = written.get(name, 0) + len(rows)
                told(name, len(rows))
        written |= _ledger(connection, writer, section)
    writer.close(written)
    return written


def how_many(app: Any, section: Section) -> int:
    """How many rows an archive would have."""
    with one_view(app) as connection:
        return sum(
            int(
                connection.scalar(select(func.count()).select_from(table).where(tables.is_of(table, section.code))) or 0
            )
            for name, table in tables.owned().items()
            if name != LEDGER_TABLE
        )


def _header(
    connection: Connection, state: W4RState, section: Section, now: datetime, *, reseal: bool
) -> dict[str, Any]:
    version = metadata.tables[VERSION_TABLE]
    return {
        "format": archive.FORMAT,
        "section": section.code,
        # Tables that were made by create_all have none, and are as this version wants them.
        "revision": connection.scalar(select(version.c.version_num)) or list(schema.revisions())[-1],
        "made_at": now.isoformat(),
        "sealed": "opened" if reseal else "as stored",
        "index_keys": fingerprints(state.keyring),
        "tables": {
            name: [column.name for column in table.columns]
            for name, table in tables.owned().items()
            if name != LEDGER_TABLE
        },
    }


def _pieces(connection: Connection, state: W4RState, table: Table, code: str) -> Iterator[Sequence[Any]]:
    query = select(table).where(tables.is_of(table, code)).order_by(*tables.order(table))
    size = archive.PICTURES if table.name == PICTURES else archive.ROWS
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": size})
    of_day = {name for kind in state.seam.indexed if kind.of_day and kind.table == table.name for name in kind.columns}
    for rows in result.partitions():
        # Hashes under the key of a day: those keys stay behind, so that nobody can be told by them.
        yield [[None if key in of_day else value for key, value in row._mapping.items()] for row in rows]


def _lines(keyring: Keyring, writer: archive.Writer, table: Table, rows: Sequence[Any], *, reseal: bool) -> bytes:
    writers = [_writer(keyring, column, reseal=reseal) for column in table.columns]
    names = [column.name for column in table.columns]
    found = []
    for row in rows:
        values = list(row)
        if table.name == PICTURES:
            place = names.index("data")
            facts = dict(zip(names, row, strict=True))
            ending = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}.get(facts["mime"], "bin")
            writer.add(f"pictures/{facts['case_id']}-{facts['width']}.{ending}", bytes(values[place]))
            values[place] = None
        found.append(codec.line(writers, values))
    return b"".join(found)


def _writer(keyring: Keyring, column: Column[Any], *, reseal: bool) -> codec.Coder:
    if not (reseal and isinstance(column.type, EncryptedText)):
        return codec.coders(column)[0]

    def opened(value: Any) -> str:
        try:
            return keyring.open(Sealed(value))
        except SealBroken as error:
            raise W4RError(
                f"{column.table.name}.{column.name} has a value that none of W4R_ENCRYPTION_KEYS opens; see 'flask w4r doctor'"
            ) from error

    return opened


def _ledger(connection: Connection, writer: archive.Writer, section: Section) -> dict[str, int]:
    with Session(connection) as session:
        rows = list(ledger_lines(session, section))
    text = "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows)
    writer.add(archive.LEDGER, text.encode(), rows=len(rows))
    return {LEDGER_TABLE: len(rows)} if rows else {}
