"""Rows as lines of JSON and back: a value says the same on every database."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Double, Integer, LargeBinary, String

from ...errors import W4RError
from ...models.types import BlindIndex, EncryptedText, UTCDateTime

Coder = Callable[[Any], Any]


class Damaged(W4RError):
    """An archive does not hold what it should."""


def _same(value: Any) -> Any:
    return value


def _text_of(value: bytes) -> str:
    return b64encode(bytes(value)).decode("ascii")


def _a(kind: type | tuple[type, ...]) -> Coder:
    """A value that must be of a kind."""

    def check(value: Any) -> Any:
        # A yes is a number to Python.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError
        return value

    return check


def _moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError
    return found


def _local(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is not None:
        raise ValueError
    return found


def _number(value: Any) -> float:
    return float(_a((int, float))(value))


#: How values of a type are written, and read; the first that fits.
_CODERS: Sequence[tuple[type | tuple[type, ...], Coder, Coder]] = (
    (UTCDateTime, datetime.isoformat, _moment),
    (DateTime, datetime.isoformat, _local),
    (Date, date.isoformat, date.fromisoformat),
    ((BlindIndex, LargeBinary), _text_of, lambda value: b64decode(value, validate=True)),
    (Boolean, bool, _a(bool)),
    (Integer, int, _a(int)),
    (Double, float, _number),
    (EncryptedText, str, _a(str)),
    (JSON, _same, _same),
    (String, str, _a(str)),
)


def coders(column: Column[Any]) -> tuple[Coder, Coder]:
    """How a column's values are written and read."""
    for kinds, write, read in _CODERS:
        if isinstance(column.type, kinds):
            return write, read
    raise TypeError(f"{column.table.name}.{column.name} has a type that no archive knows: {column.type!r}")


def line(writers: Sequence[Coder], row: Sequence[Any]) -> bytes:
    """A row as a line."""
    values = [None if value is None else write(value) for write, value in zip(writers, row, strict=True)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row(columns: Sequence[Column[Any]], readers: Sequence[Coder], text: bytes) -> dict[str, Any]:
    """A line as a row.

    :raises Damaged: it is none.
    """
    try:
        values = json.loads(text)
        found: Mapping[str, Any] = {
            column.name: None if value is None else read(value)
            for column, read, value in zip(columns, readers, values, strict=True)
        }
    except (ValueError, TypeError, OverflowError) as error:
        raise Damaged(f"the archive has a row of {columns[0].table.name} that cannot be read") from error
    return dict(found)
