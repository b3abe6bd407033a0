"""Files of counts: each bad row is named with its line, and nothing is written unless all are good."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...action_types import reported_types
from ...keyring import Keyring
from ...models import Case, Edition, Report
from ...models.reports import REPORT_SOURCES
from ...models.tally import STATUSES
from ...sections import Section
from ..kits.fields import text_fault
from .counting import MOST
from .staff import Entry, write

COLUMNS = ("case", "type", "count", "source", "status", "on", "place", "note")
#: Rows of one file; more is no list of counts.
MOST_ROWS = 20_000
_MOST_BYTES = 5_000_000


@dataclass(frozen=True)
class Read:
    """What a file says.

    :param rows: with their lines, as they would be entered.
    :param faults: ``line: what is wrong; the mend``.
    :param known: how many rows were entered before.
    """

    rows: Sequence[tuple[int, Mapping[str, str], Entry]]
    faults: Sequence[str]
    known: int = 0

    @property
    def total(self) -> int:
        """What the rows that are new add up to."""
        return sum(sum(sum(n.values()) for n in entry.counts.values()) for _, _, entry in self.rows)


def read(session: Session, keyring: Keyring, section: Section, data: bytes) -> Read:
    """Read a CSV file of :data:`COLUMNS`, in any order; ``case``, ``type`` and ``count`` are needed.

    :param data: UTF-8, with commas or semicolons between the columns.
    """
    if len(data) > _MOST_BYTES:
        return Read((), [f"the file has more than {_MOST_BYTES} bytes; is this a list of counts?"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Read((), [f"byte {error.start}: is not UTF-8; save the file as CSV UTF-8"])
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        faults = _of_head(names)
        cases = _cases(session, section)
        rows = [] if faults else _rows(reader, cases, reported_types(section), faults)
    except csv.Error as error:
        return Read((), [f"{reader.line_num}: is not CSV ({error}); save the file anew"])
    if len(rows) > MOST_ROWS:
        return Read((), [f"the file has more than {MOST_ROWS} rows; split it"])
    if faults:
        return Read((), faults)
    return _fresh(session, keyring, section, rows)


def _of_head(names: Sequence[str]) -> list[str]:
    faults = [f"1: the column {name!r} is missing; add it" for name in COLUMNS[:3] if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    faults += [f"1: {name[:40]!r} is no column here; known are {', '.join(COLUMNS)}" for name in unknown]
    return faults + [f"1: the column {name!r} stands twice; keep one" for name, n in Counter(names).items() if n > 1]


def _cases(session: Session, section: Section) -> dict[str, int]:
    """By slug the newest case of that name."""
    found = session.execute(
        select(Case.slug, Case.id)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code, Case.status != "withdrawn")
        .order_by(Edition.starts_on)
    )
    return dict(found.all())


def _rows(
    reader: csv.DictReader[str], cases: Mapping[str, int], types: Sequence[str], faults: list[str]
) -> list[tuple[int, Mapping[str, str], Entry]]:
    rows: list[tuple[int, Mapping[str, str], Entry]] = []
    for raw in reader:
        line = reader.line_num
        row = {name: " ".join((raw.get(name) or "").split()) for name in COLUMNS}
        if not any(row.values()):
            continue
        before = len(faults)
        if None in raw:
            faults.append(f"{line}: has more columns than the first line; put texts with commas in quotes")
        for fault in _faults_of(row, cases, types):
            faults.append(f"{line}: {fault}")
        if len(faults) == before:
            rows.append((line, row, _entry(row, cases)))
    return rows


def _faults_of(row: Mapping[str, str], cases: Mapping[str, int], types: Sequence[str]) -> list[str]:
    found = []
    if row["case"] not in cases:
        found.append(f"case {row['case'][:60]!r} is not known; known are {', '.join(sorted(cases)[:30])}")
    if row["type"] not in types:
        found.append(f"type {row['type'][:40]!r} is not known; known are {', '.join(types)}")
    if not (row["count"].isdecimal() and row["count"].isascii() and 0 < int(row["count"][:9]) <= MOST):
        found.append(f"count {row['count'][:20]!r} is not a whole number from 1 to {MOST}; correct it")
    if row["source"] and row["source"] not in REPORT_SOURCES:
        found.append(f"source {row['source'][:40]!r} is not known; known are {', '.join(REPORT_SOURCES)}")
    if row["status"] and row["status"] not in STATUSES:
        found.append(f"status {row['status'][:40]!r} is not known; known are {', '.join(STATUSES)}")
    for name, most in (("place", 120), ("note", 1000)):
        if problem := text_fault(row[name]):
            found.append(f"{name} {problem}")
        elif len(row[name]) > most:
            found.append(f"{name} has {len(row[name])} characters; the limit is {most}")
    if row["on"]:
        try:
            date.fromisoformat(row["on"])
        except ValueError:
            found.append(f"on {row['on'][:20]!r} is not a date; write it like 2026-12-10")
    return found


def _entry(row: Mapping[str, str], cases: Mapping[str, int]) -> Entry:
    return Entry(
        counts={cases[row["case"]]: {row["type"]: int(row["count"])}}, source=row["source"] or "section_counted",
        status=row["status"] or "interim", on=date.fromisoformat(row["on"]) if row["on"] else None,
        place=row["place"], note=row["note"],
    )  # fmt: skip


def _fresh(
    session: Session, keyring: Keyring, section: Section, rows: Sequence[tuple[int, Mapping[str, str], Entry]]
) -> Read:
    """Without the rows that were entered before: the same file once more changes nothing."""
    seen: Counter[tuple[str, ...]] = Counter()
    marked: list[tuple[int, Mapping[str, str], Entry, list[bytes]]] = []
    for line, row, entry in rows:
        key = tuple(row[name] for name in COLUMNS)
        seen[key] += 1
        # Two rows alike in one file are two: what tells them apart is which of them comes first.
        marks = list(keyring.blinds(f"report-row|{section.code}", "\x1f".join((*key, str(seen[key])))))
        marked.append((line, row, replace(entry, digest=marks[0]), marks))
    every = [mark for *_, marks in marked for mark in marks]
    known: set[bytes] = set()
    for start in range(0, len(every), 500):
        some = Report.digest.in_(every[start : start + 500])
        known |= {
            bytes(one)
            for one in session.scalars(select(Report.digest).where(Report.section == section.code, some))
            if one
        }
    new = [(line, row, entry) for line, row, entry, marks in marked if not known.intersection(marks)]
    return Read(new, (), len(rows) - len(new))


def enter(session: Session, keyring: Keyring, section: Section, actor_id: str, found: Read, *, now: datetime) -> int:
    """Enter the rows of a file, which has no fault.

    :returns: how many.
    """
    done: list[Any] = [write(session, keyring, section, actor_id, entry, now=now) for _, _, entry in found.rows]
    return sum(number is not None for number in done)
