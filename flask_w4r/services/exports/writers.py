"""Rows as files: CSV and JSON lines, a piece of some thousand rows at a time, and the list of all formats.

Every file says at its end how many rows it has, who took it, when and why: one that lacks that was cut short.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .sheets import sheet_bytes

#: What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"; the last for programs that skip it).
FORMULA = frozenset("=+-@\t\r\n")
Rows = Iterable[Sequence[tuple[Any, ...]]]


@dataclass(frozen=True)
class Mark:
    """Who took a file away: what stands in it for whoever finds it.

    :param export: which.
    :param who: the member of staff, or the account that ran the command.
    :param at: when it was begun: UTC, as text.
    :param why: the reason they gave.
    """

    export: str
    section: str
    who: str
    at: str
    why: str

    def as_dict(self) -> dict[str, str]:
        """The same as plain values."""
        return dict(vars(self))

    def words(self, count: int) -> str:
        """In a line."""
        why = f", {self.why}" if self.why else ""
        return f"{count} rows of {self.export}, {self.section}; taken by {self.who} at {self.at}{why}"


def safe(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one. Yes, no and nothing are
    words."""
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in FORMULA else cell
    return _WORDS[cell] if cell is None or isinstance(cell, bool) else cell


def _safe_rows(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    # Nearly all cells are a text that is none: they are passed on without a call.
    return [[cell if cell.__class__ is str and cell[:1] not in FORMULA else safe(cell) for cell in row] for row in rows]


def csv_lines(columns: Sequence[str], pieces: Rows, mark: Mark | None) -> Iterator[bytes]:
    """CSV (RFC 4180) in UTF-8: a line of names, the rows, and at the end, where there is a mark, a line of one cell that begins
    with ``#``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for rows in pieces:
        count += len(rows)
        writer.writerows(_safe_rows(rows))
        yield _drained(text)
    if mark is not None:
        writer.writerow([f"# {mark.words(count)}"])
    yield _drained(text)


def json_lines(columns: Sequence[str], pieces: Rows, mark: Mark | None) -> Iterator[bytes]:
    """JSON lines in UTF-8: a first object that says what this is, an object a row, and a last that says how many there were.
    The first and the last have a key ``export``, which no row has."""
    head = {"export": {**(mark.as_dict() if mark else {}), "columns": list(columns)}}
    yield _json(head)
    count = 0
    for rows in pieces:
        count += len(rows)
        yield b"".join([_json(dict(zip(columns, row, strict=True))) for row in rows])
    yield _json({"export": {"rows": count}})


def xlsx_sheets(columns: Sequence[str], pieces: Rows, mark: Mark | None) -> Iterator[bytes]:
    """A spreadsheet; who took it stands on its last sheet and in its properties."""
    counted = _Counted(pieces)
    safely = (_safe_rows(rows) for rows in counted)
    about = None if mark is None else lambda: {"rows": str(counted.count), **mark.as_dict()}
    return sheet_bytes(columns, safely, about)


class _Counted:
    def __init__(self, pieces: Rows) -> None:
        self._pieces, self.count = pieces, 0

    def __iter__(self) -> Iterator[Sequence[tuple[Any, ...]]]:
        for rows in self._pieces:
            self.count += len(rows)
            yield rows


_WORDS = {True: "yes", False: "no", None: ""}


def _drained(text: io.StringIO) -> bytes:
    found = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Format:
    """How a file is written."""

    name: str
    mimetype: str
    write: Callable[[Sequence[str], Rows, Mark | None], Iterator[bytes]]


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("csv", "text/csv", csv_lines),
        Format("jsonl", "application/jsonl", json_lines),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_sheets),
    )
}
