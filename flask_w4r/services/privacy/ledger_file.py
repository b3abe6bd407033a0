"""The file beside the database that holds the ledger of erasures, a line of JSON each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Erasure
from ...sections import Section


def lines(session: Session, section: Section | None = None, after: int = 0) -> Iterator[dict[str, Any]]:
    """The ledger as JSON values, oldest first.

    :param section: ``None`` for all of the site.
    :param after: the number of a row.
    """
    query = select(Erasure).where(Erasure.id > after).order_by(Erasure.id)
    if section is not None:
        query = query.where(Erasure.section == section.code)
    for row in session.scalars(query):
        yield {
            "line": row.line, "section": row.section, "scope": row.scope, "digest": row.digest.hex(),
            "erased_at": row.erased_at.isoformat(),
        }  # fmt: skip


class NotALedger(ValueError):
    """A file is no ledger of erasures; the text says in which line it is not."""


def parsed(text: Iterable[str]) -> list[dict[str, Any]]:
    """Read lines of a file.

    :raises NotALedger: one of them is none. The last may be torn, by a crash while it was written, and is left out.
    """
    found = []
    rows = [row for row in text if row.strip()]
    for number, row in enumerate(rows, 1):
        try:
            values = json.loads(row)
            found.append(
                {
                    "line": str(values["line"]), "section": str(values["section"]), "scope": str(values["scope"]),
                    "digest": bytes.fromhex(values["digest"]), "erased_at": datetime.fromisoformat(values["erased_at"]),
                }
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            if number == len(rows) and not row.endswith("\n"):
                break
            raise NotALedger(f"line {number} is no line of a ledger of erasures") from error
    return found


def append_file(session: Session, path: Path) -> int:
    """Add to the file what it lacks.

    :returns: how many lines.
    :raises OSError: it cannot be written.
    """
    known = {row["line"] for row in tail(path)}
    waiting = [row for row in lines(session) if row["line"] not in known] if not known else _since(session, known)
    if not waiting:
        return 0
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in waiting)
    _cut_torn_line(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return len(waiting)


def _cut_torn_line(path: Path) -> None:
    """A line that a crash left half written goes; what it was to say is written again."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
        start, last = file.tell(), file.read()
        if last and not last.endswith(b"\n"):
            file.truncate(start + last.rfind(b"\n") + 1)


def behind(session: Session, path: str) -> bool:
    """Whether the file lacks the last erasure that was settled."""
    last = select(Erasure.line).where(Erasure.settled_at.is_not(None)).order_by(Erasure.id.desc()).limit(1)
    line = session.scalar(last)
    return line is not None and line not in {row["line"] for row in tail(Path(path))}


def _since(session: Session, known: set[str]) -> list[dict[str, Any]]:
    """The lines after the last one that a file has."""
    last = session.scalar(
        select(Erasure.id).where(Erasure.line.in_(sorted(known))).order_by(Erasure.id.desc()).limit(1)
    )
    return [row for row in lines(session, after=last or 0) if row["line"] not in known]


def tail(path: Path, size: int = 1 << 16) -> list[dict[str, Any]]:
    """The last lines of a file; none where there is no file."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - size))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    rows = text.splitlines(keepends=True)
    return parsed(rows[1:] if length > size else rows)
