"""The centre's side: signed numbers of sections are looked at one by one, and those in order are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...models import RollupPart
from ..storage.rows import execute
from ..storage.upsert import insert_ignore
from .documents import ROW, TALLY, Refused, insist_on, parse, rows_of
from .keys import Trusted, check_times, trusted
from .signing import is_signed_by

#: More than so many times what it had before, and more than so many in all, is a jump.
JUMP_FACTOR, JUMP_FLOOR = 10, 1000


@dataclass(frozen=True)
class Aggregate:
    """What a section says of one edition. Its signature was looked at."""

    section: str
    edition: str
    sequence: int
    key_id: str
    as_of: datetime
    expires: datetime
    rows: Sequence[Mapping[str, Any]]

    @property
    def total(self) -> int:
        """All its actions."""
        return sum(row["count"] for row in self.rows)


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    :ivar name: the file's.
    :ivar state: ``counted``, ``waiting`` for a person, or ``refused``.
    :ivar why: why it is not counted: a word of :class:`~.documents.Refused`, or ``fell`` or ``jumped``.
    :ivar text: the same in words.
    """

    name: str
    state: str
    why: str = ""
    text: str = ""
    aggregate: Aggregate | None = None


def look_at(data: bytes, keys: Trusted, types: Collection[str], *, now: datetime) -> Aggregate:
    """Read one file, and see that it is as a section signed it, for now.

    :param types: the types that are known.
    :raises Refused: it is not.
    """
    document = parse(data)
    insist_on(document, TALLY)
    rows = rows_of(document, "rows", ROW)
    if not is_signed_by(document, keys.key_of(document)):
        raise Refused("tampered", f"it is not as {document['section']} signed it")
    as_of, expires = check_times(document, document["as_of"], now=now)
    if len({(row["case"], row["type"]) for row in rows}) < len(rows):
        raise Refused("unreadable", "a case and type stand in it twice")
    if unknown := sorted({row["type"] for row in rows} - set(types)):
        raise Refused("unknown_type", f"{', '.join(unknown)}: not a type that is counted here")
    named = {name: document[name] for name in ("section", "edition", "sequence", "key_id")}
    return Aggregate(**named, as_of=as_of, expires=expires, rows=rows)


def verify(
    session: Session, files: Sequence[tuple[str, bytes]], types: Collection[str], *, now: datetime
) -> list[Outcome]:
    """Look at files without keeping anything.

    :param files: names and contents.
    """
    keys = trusted(session, "tally")
    return [_looked_at(name, data, keys, types, now) for name, data in files]


def _looked_at(name: str, data: bytes, keys: Trusted, types: Collection[str], now: datetime) -> Outcome:
    try:
        return Outcome(name, "counted", aggregate=look_at(data, keys, types, now=now))
    except Refused as error:
        return Outcome(name, "refused", error.why, str(error))


def take(
    session: Session, files: Sequence[tuple[str, bytes]], types: Collection[str], *, now: datetime
) -> list[Outcome]:
    """Keep the numbers in those files that are in order. Of one section and edition one file is taken, the newest; what a
    section sends takes the place of what it sent before.

    :param files: names and contents.
    :returns: what became of each, in their order.
    """
    looked = verify(session, files, types, now=now)
    newest: dict[tuple[str, str], Outcome] = {}
    for one in looked:
        if (sent := one.aggregate) is not None:
            have = newest.get((sent.section, sent.edition))
            if have is None or have.aggregate is None or sent.sequence > have.aggregate.sequence:
                newest[sent.section, sent.edition] = one
    history = _History(session, {section for section, _ in newest})
    done = []
    for one in looked:
        sent = one.aggregate
        if sent is None:
            done.append(one)
        elif (first := newest[sent.section, sent.edition]) is not one:
            text = f"{first.name} is of {sent.section} and {sent.edition} too, and is the one that is looked at"
            done.append(Outcome(one.name, "refused", "doubled", text))
        else:
            done.append(_kept(session, one.name, sent, history, now))
    return done


class _History:
    """What is held of some sections."""

    def __init__(self, session: Session, senders: Collection[str]) -> None:
        columns = (
            RollupPart.sender, RollupPart.edition, RollupPart.sequence, RollupPart.state, RollupPart.as_of,
            RollupPart.total,
        )  # fmt: skip
        self.newest: dict[tuple[str, str], Any] = {}
        self.counted: dict[tuple[str, str], Any] = {}
        wanted = select(*columns).where(RollupPart.sender.in_(senders)).order_by(RollupPart.sequence)
        for row in session.execute(wanted):
            self.newest[row.sender, row.edition] = row
            if row.state == "counted":
                self.counted[row.sender, row.edition] = row


def _kept(session: Session, name: str, sent: Aggregate, history: _History, now: datetime) -> Outcome:
    newest = history.newest.get((sent.section, sent.edition))
    counted = history.counted.get((sent.section, sent.edition))
    if newest is not None and sent.sequence <= newest.sequence:
        text = f"number {sent.sequence} of {sent.section} is not newer than {newest.sequence}, which is held"
        return Outcome(name, "refused", "replayed", text)
    if newest is not None and sent.as_of < newest.as_of:
        text = f"its numbers of {sent.section} are older than those that are held"
        return Outcome(name, "refused", "stale", text)
    why, text = _jump(sent, counted.total) if counted is not None else ("", "")
    state = "waiting" if why else "counted"
    values = {
        "sender": sent.section, "edition": sent.edition, "sequence": sent.sequence, "key_id": sent.key_id,
        "state": state, "as_of": sent.as_of, "expires": sent.expires, "total": sent.total,
        "rows": [dict(row) for row in sent.rows], "taken_at": now,
    }  # fmt: skip
    if not insert_ignore(session, RollupPart.__table__, values):
        return Outcome(name, "refused", "replayed", f"number {sent.sequence} of {sent.section} was just taken")
    if newest is not None and not why:
        _let_older_go(session, sent.section, sent.edition, sent.sequence)
    return Outcome(name, state, why, text, sent)


def _jump(sent: Aggregate, before: int) -> tuple[str, str]:
    """Why a person should look at a section's numbers before they count, given what it had."""
    words = f"{sent.section} had {before} and has {sent.total} now: to count it, 'flask w4r rollup accept {sent.section} {sent.sequence}'"
    if sent.total < before:
        return "fell", words
    if sent.total > JUMP_FLOOR and sent.total > JUMP_FACTOR * before:
        return "jumped", words
    return "", ""


def accept(session: Session, sender: str, sequence: int) -> RollupPart:
    """Count numbers that waited for a person.

    :raises NotFound: none of that section and number wait.
    """
    wanted = select(RollupPart).where(
        RollupPart.sender == sender, RollupPart.sequence == sequence, RollupPart.state == "waiting"
    )
    row = session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise NotFound(f"nothing of {sender} with number {sequence} waits")
    row.state = "counted"
    session.flush()
    _let_older_go(session, row.sender, row.edition, row.sequence)
    return row


def _let_older_go(session: Session, sender: str, edition: str, sequence: int) -> None:
    older = (RollupPart.sender == sender, RollupPart.edition == edition, RollupPart.sequence < sequence)
    execute(session, delete(RollupPart).where(*older))
