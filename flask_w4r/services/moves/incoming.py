"""A section out of an archive into a database that has nothing of it: all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from sqlalchemy import Table, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import W4RError
from ...keyring import Keyring, Sealed
from ...models import metadata
from ...models.types import EncryptedText
from ...sections import Section
from ...state import W4RState, get_state
from ..audit import record as audit
from ..privacy import ledger
from ..privacy.ledger_file import NotALedger, parsed
from ..storage import schema
from ..storage.unit_of_work import unit_of_work
from . import archive, codec, tables
from .codec import Damaged
from .outgoing import LEDGER_TABLE, PICTURES, Told, fingerprints


class Refused(W4RError):
    """The archive is sound, and cannot come in here; the words name the mend."""


@dataclass(frozen=True)
class Came:
    """What came in.

    :ivar rows: by table.
    :ivar earlier_index: its hashes are under an earlier index key: ``keys reindex`` is due.
    :ivar erased: how many rows the ledger took away again.
    """

    rows: Mapping[str, int]
    earlier_index: bool
    erased: int


@dataclass
class _Import:
    session: Session
    state: W4RState
    section: Section
    header: Mapping[str, Any]
    told: Told
    rows: dict[str, int] = field(default_factory=dict)
    pictures: dict[tuple[int, int], bytes] = field(default_factory=dict)


def bring_in(app: Any, stream: IO[bytes], *, told: Told) -> Came:
    """Write all that an archive holds, in one transaction; then do again what the ledger says, before anybody is served.

    :param stream: the archive, decrypted.
    :param told: called after each piece.
    :raises Refused: it cannot come in here.
    :raises Damaged: it does not hold what it should.
    """
    state = get_state(app)
    members = archive.members(stream)
    with unit_of_work(app) as work:
        header = _header(members)
        section = _fits(work.session, state, header)
        coming = _Import(work.session, state, section, header, told)
        try:
            for name, data in members:
                _member(coming, name, data)
        except IntegrityError as error:
            raise Refused(
                f"a row of {_table_named(error)} has the number of one that is there: another section of this site has it. Import"
                " into a database of its own (W4R_BIND_KEY), or into one that is empty"
            ) from error
        _proved(coming)
        for table in tables.owned().values():
            _number_on(work.session, table)
        audit.append(
            work.session, state.keyring, section, audit.CLI, "section_imported", f"section:{section.code}",
            count=sum(coming.rows.values()), now=state.clock(),
        )  # fmt: skip
    # THE CALL POINT OF THE LEDGER: who was erased since the archive's rows were written is erased here too.
    again = ledger.replay(app)
    newest = fingerprints(state.keyring)[0]
    return Came(coming.rows, header["index_keys"][0] != newest, int(again["rows"]))


def _header(members: Iterator[tuple[str, bytes]]) -> dict[str, Any]:
    name, data = next(members, ("", b""))
    if name != archive.HEADER:
        raise Damaged("the archive does not begin with a header")
    header = archive.unpacked(data, name)
    kinds = {"format": int, "section": str, "revision": str, "sealed": str, "index_keys": list, "tables": dict}
    if not all(isinstance(header.get(key), kind) for key, kind in kinds.items()) or not header["index_keys"]:
        raise Damaged("the archive's header cannot be read")
    return header


def _fits(session: Session, state: W4RState, header: Mapping[str, Any]) -> Section:
    """The section, if it can come in here."""
    code = header["section"]
    if header["format"] != archive.FORMAT or header["revision"] not in schema.revisions():
        raise Refused(
            f"the archive is of a newer version of flask_w4r (revision {header['revision'][:32]}); upgrade this site, then"
            " run 'flask w4r db upgrade'"
        )
    section = state.sections.get(code)
    if section is None:
        raise Refused(f"this site has no section {code[:32]!r}; configure it (W4R_SECTIONS), then import")
    for name, columns in header["tables"].items():
        table = tables.owned().get(name)
        if table is None or not isinstance(columns, list) or not set(columns) <= set(table.columns.keys()):
            raise Refused(f"this version has no table or column that the archive's {str(name)[:40]!r} needs")
    if not set(header["index_keys"]) <= set(fingerprints(state.keyring)):
        raise Refused(
            "the archive's keyed hashes (who is suppressed, who was erased, the log) are under another index key; put that site's"
            " W4R_INDEX_KEY, and its W4R_INDEX_KEYS_OLD, into this site's W4R_INDEX_KEYS_OLD"
        )
    remade = set(state.seam.remade)
    there = tables.counts(session, code)
    if in_the_way := {name: number for name, number in there.items() if name not in remade}:
        named = ", ".join(f"{name} ({number})" for name, number in sorted(in_the_way.items()))
        raise Refused(
            f"section {code} has rows here already: {named}. Import where it has none, or end what is here first:"
            f" flask w4r section erase {code} --yes"
        )
    for name in there:
        table = tables.owned()[name]
        session.execute(delete(table).where(tables.is_of(table, code)))
    return section


def _member(coming: _Import, name: str, data: bytes) -> None:
    if name == archive.LEDGER:
        _ledger(coming, data)
    elif name.startswith("pictures/"):
        case_id, _, width = name.removeprefix("pictures/").partition(".")[0].partition("-")
        coming.pictures[int(case_id), int(width)] = data
    else:
        table = tables.owned().get(archive.table_of(name) or "")
        if table is None or table.name not in coming.header["tables"]:
            raise Damaged(f"the archive has a member that does not belong there: {name[:80]!r}")
        _rows(coming, table, data)


def _rows(coming: _Import, table: Table, data: bytes) -> None:
    columns = [table.c[name] for name in coming.header["tables"][table.name]]
    readers = [_reader(coming, column) for column in columns]
    rows = [codec.row(columns, readers, line) for line in data.splitlines()]
    if not rows:
        return
    for row in rows:
        if row.get("section", coming.section.code) != coming.section.code:
            raise Damaged(f"the archive has a row of {table.name} of another section")
        if table.name == PICTURES:
            row["data"] = coming.pictures.pop((row["case_id"], row["width"]), None)
    coming.session.execute(insert(table), rows)
    coming.rows[table.name] = coming.rows.get(table.name, 0) + len(rows)
    coming.told(table.name, len(rows))


def _reader(coming: _Import, column: Any) -> codec.Coder:
    read = codec.coders(column)[1]
    if not isinstance(column.type, EncryptedText):
        return read
    keyring: Keyring = coming.state.keyring
    if coming.header["sealed"] == "opened":
        return lambda value: keyring.seal(read(value))

    def sealed(value: Any) -> Sealed:
        if keyring.opened_by(read(value)) is None:
            raise Refused(
                f"{column.table.name}.{column.name} is sealed with a key that this site does not have; put the other site's"
                " W4R_ENCRYPTION_KEYS at the end of this site's, or export with --reseal"
            )
        return Sealed(value)

    return sealed


def _ledger(coming: _Import, data: bytes) -> None:
    try:
        rows = parsed(data.decode().splitlines(keepends=True))
    except (NotALedger, UnicodeDecodeError) as error:
        raise Damaged("the archive's ledger cannot be read") from error
    if any(row["section"] != coming.section.code for row in rows):
        raise Damaged("the archive's ledger has a line of another section")
    ledger.put_back(coming.session, rows, [coming.section.code])
    if rows:
        coming.rows[LEDGER_TABLE] = len(rows)


def _proved(coming: _Import) -> None:
    """What hangs on other rows hangs on those that came along, and on nobody else's."""
    if coming.pictures:
        raise Damaged("the archive has pictures that no row of it names")
    code = coming.section.code
    there = tables.counts(coming.session, code)
    differing = {name for name in there | coming.rows if there.get(name) != coming.rows.get(name)}
    for table in tables.owned().values():
        differing |= {table.name for _ in tables.strangers(coming.session, table, code)}
    if differing:
        raise Damaged(f"the archive has rows that hang on none of its own: {', '.join(sorted(differing))}")


def _number_on(session: Session, table: Table) -> None:
    """Rows that come later are numbered after those that came in; other databases do so by themselves."""
    if session.get_bind().dialect.name != "postgresql" or table.autoincrement_column is None:
        return
    column = table.autoincrement_column
    last = session.scalar(select(func.max(column)))
    sequence = session.scalar(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
    )
    if last is not None and sequence is not None:
        session.execute(text("SELECT setval(CAST(:sequence AS regclass), :last)"), {"sequence": sequence, "last": last})


def _table_named(error: IntegrityError) -> str:
    told = str(error.orig)
    return next((name for name in sorted(metadata.tables, key=len, reverse=True) if name in told), "a table")
