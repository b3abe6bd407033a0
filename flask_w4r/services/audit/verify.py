"""Is the log as it was written? Finds entries that were changed, moved or removed, and a tail that was cut.

What is checked needs no trust in the database: digests are keyed, and a head that was mailed or noted earlier tells
whether the log still leads back to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import AuditCheckpoint, AuditEntry, AuditHead
from .record import FIRST, Head, checkpoint_signatures, entry_digests

_PAGE = 1000
COLUMNS = ("section", "seq", "at", "actor_id", "action", "subject", "count", "changes")
#: An entry as it is read: number, digest, and its values; ``None`` for what cannot be read.
_Row = tuple[int | None, bytes, Mapping[str, Any] | None]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: ``changed missing stray cut head checkpoint`` or ``expected``, and where."""

    kind: str
    seq: int | None
    text: str


@dataclass
class Report:
    """What a verification found. The log is sound when there is no fault."""

    section: str
    #: The last entry that retention let go; 0 where the log is whole.
    begins_after: int = 0
    entries: int = 0
    #: The end of the log as its entries have it.
    head: Head = Head(0, FIRST)
    faults: list[Fault] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        faults = [{"kind": fault.kind, "number": fault.seq, "text": fault.text} for fault in self.faults]
        return {
            "section": self.section, "ok": not self.faults, "entries": self.entries,
            "begins_after": self.begins_after, "head": str(self.head), "faults": faults,
        }  # fmt: skip

    def found(self, kind: str, seq: int | None, text: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, seq, text))


def parse_head(text: str) -> Head:
    """Read a head as ``flask w4r audit head`` prints it and the daily mail carries it.

    :raises ValueError: it is none.
    """
    number, mark, digest = text.strip().partition(":")
    if not mark or not number.isdecimal() or len(digest) != 64:
        raise ValueError("a head looks like 12:6f1c..., a number, a colon and 64 hex digits")
    return Head(int(number), bytes.fromhex(digest))


def sections_logged(session: Session) -> list[str]:
    """The sections that have a log, also those that the site no longer has."""
    tables = (AuditHead, AuditEntry, AuditCheckpoint)
    return sorted({code for table in tables for code in session.scalars(select(table.section).distinct())})


def verify(session: Session, keyring: Keyring, section: str, *, expect: Head | None = None) -> Report:
    """Walk a section's log from its beginning, or from where retention let it begin.

    Entries may be written meanwhile: nothing is locked.

    :param section: its code.
    :param expect: a head known from elsewhere; the log must still lead through it.
    :returns: what was found. With ``expect`` a cut tail shows even where the head in the database was set back too.
    """
    report, checkpoint = _walk(session, keyring, section, expect)
    if report.faults and _checkpoint(session, section) != checkpoint:
        # Retention let entries go while we looked.
        report, _ = _walk(session, keyring, section, expect)
    return report


def _walk(session: Session, keyring: Keyring, section: str, expect: Head | None) -> tuple[Report, Any]:
    report = Report(section)
    checkpoint = _checkpoint(session, section)
    last = _beginning(report, keyring, section, checkpoint)
    report.begins_after = last.seq
    expected = last if expect is not None and expect.seq == last.seq else None
    stray = select(func.count()).where(AuditEntry.section == section, AuditEntry.seq <= last.seq)
    if session.scalar(stray):
        report.found("stray", None, f"there are entries numbered {last.seq} or less, before the log begins")
    while True:
        for row in entries(session, section, last.seq):
            last = _check(report, keyring, last, row)
            if expect is not None and last.seq == expect.seq:
                expected = last
        kept = _kept_head(session, section)
        # An entry and the head are written in one transaction, and the head was read after the entries: whatever it
        # names beyond them was either written meanwhile or is missing.
        if kept is None or kept.seq <= last.seq or not _goes_on(session, section, last.seq):
            break
    report.head = last
    _check_end(report, last, kept)
    if expect is not None:
        _check_expected(report, expect, expected)
    return report, checkpoint


def _goes_on(session: Session, section: str, after: int) -> bool:
    row = next(entries(session, section, after), None)
    return row is not None and row[0] is not None


def _beginning(report: Report, keyring: Keyring, section: str, checkpoint: Any) -> Head:
    if checkpoint is None:
        return Head(0, FIRST)
    start = Head(checkpoint.seq, _digest(checkpoint.digest))
    try:
        sound = _digest(checkpoint.signature) in checkpoint_signatures(keyring, section, start, checkpoint.made_at)
    except (AttributeError, TypeError):
        sound = False
    if not sound:
        report.found("checkpoint", start.seq, "the checkpoint from which the log begins was not created by this site")
    return start


def _check(report: Report, keyring: Keyring, last: Head, row: _Row) -> Head:
    seq, digest, values = row
    report.entries += 1
    if seq is None:
        report.found("changed", None, "an entry has something else in place of its number")
        return last
    if seq != last.seq + 1:
        first, until = last.seq + 1, seq - 1
        gone = f"entry {first} is" if first == until else f"entries {first} to {until} are"
        report.found("missing", first, f"{gone} missing")
    elif values is None or not fits(keyring, values, last.digest, digest):
        report.found("changed", seq, f"entry {seq} was changed, or moved from another place")
    return Head(seq, digest)


def fits(keyring: Keyring, values: Mapping[str, Any], before: bytes, digest: bytes) -> bool:
    """Whether an entry has the digest that this site gave it, after the one before it."""
    try:
        return digest in entry_digests(keyring, values, before)
    except (AttributeError, TypeError, ValueError):
        return False


def _check_end(report: Report, last: Head, kept: Head | None) -> None:
    if kept is None:
        if last.seq:
            report.found("head", last.seq, f"the stored head is missing; the last entry is {last.seq}")
    elif kept.seq > last.seq:
        report.found("cut", last.seq + 1, f"the log ends with entry {last.seq}; {kept.seq} were written")
    elif kept.seq < last.seq:
        report.found("head", kept.seq, f"the stored head says {kept.seq} entries; the last one is {last.seq}")
    elif kept.digest != last.digest:
        report.found("head", last.seq, "the stored head is not that of the last entry")


def _check_expected(report: Report, expect: Head, met: Head | None) -> None:
    if expect.seq > report.head.seq:
        end = report.head.seq
        report.found("cut", end + 1, f"the log ends with entry {end}; {expect.seq} were expected")
    elif expect.seq < report.begins_after:
        text = f"the log begins after entry {report.begins_after}; a head as old as {expect.seq} cannot be checked"
        report.found("expected", expect.seq, text)
    elif met is None or met.digest != expect.digest:
        report.found("expected", expect.seq, f"the log does not contain the expected entry {expect.seq}")


def _checkpoint(session: Session, section: str) -> Any:
    columns = AuditCheckpoint.seq, AuditCheckpoint.digest, AuditCheckpoint.made_at, AuditCheckpoint.signature
    return session.execute(select(*columns).where(AuditCheckpoint.section == section)).first()


def _kept_head(session: Session, section: str) -> Head | None:
    row = session.execute(select(AuditHead.seq, AuditHead.digest).where(AuditHead.section == section)).first()
    return Head(row.seq, _digest(row.digest)) if row else None


def entries(session: Session, section: str, after: int) -> Iterator[_Row]:
    """The entries after a number, in order, read a page at a time: number, digest, and values, ``None`` if unreadable."""
    while True:
        page = _page(session, section, after)
        yield from page
        if len(page) < _PAGE or page[-1][0] is None:
            return
        after = page[-1][0]


def _page(session: Session, section: str, after: int) -> list[_Row]:
    mine = (AuditEntry.section == section, AuditEntry.seq > after)
    columns = [getattr(AuditEntry, name) for name in COLUMNS]
    query = select(*columns, AuditEntry.digest).where(*mine).order_by(AuditEntry.seq).limit(_PAGE)
    try:
        found = session.execute(query).all()
    except (TypeError, ValueError):
        # A value was made one that cannot be read: find out which entry it is.
        numbers = session.scalars(select(AuditEntry.seq).where(*mine).order_by(AuditEntry.seq).limit(_PAGE)).all()
        return [_single(session, section, number, columns) for number in numbers]
    return [(_number(row.seq), _digest(row.digest), dict(zip(COLUMNS, row, strict=False))) for row in found]


def _number(value: Any) -> int | None:
    # SQLite lets a column of numbers hold anything; what is no number comes last.
    return value if isinstance(value, int) else None


def _digest(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def _single(session: Session, section: str, seq: Any, columns: list[Any]) -> _Row:
    if _number(seq) is None:
        return None, FIRST, None
    mine = (AuditEntry.section == section, AuditEntry.seq == seq)
    digest = _digest(session.scalars(select(AuditEntry.digest).where(*mine)).one())
    try:
        row = session.execute(select(*columns).where(*mine)).one()
    except (TypeError, ValueError):
        return seq, digest, None
    return seq, digest, dict(zip(COLUMNS, row, strict=True))
