"""The log of what staff and commands did: append-only and hash-chained, one chain a section.

Each entry's digest is an HMAC over the entry and the digest before it, under a key derived from ``W4R_INDEX_KEY``:
who can only write to the database cannot forge an entry, and a row changed, missing or moved breaks the chain. A cut
tail shows against the head kept apart, or against one mailed earlier.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import AuditEntry, AuditHead
from ...sections import Section
from ..storage.upsert import insert_ignore

#: Who acts when it is no member of staff.
CLI, WORKER = "cli", "worker"
FIRST = b"\0" * 32


@dataclass(frozen=True)
class Head:
    """The end of a section's log. As text: ``<number>:<hex>``."""

    seq: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"


def typed(keyring: Keyring, section: Section, value: str | None) -> str | None:
    """What the log keeps of something typed: a keyed hash, enough to tell whether two are the same.

    :returns: 16 hex digits; ``None`` for nothing.
    """
    return None if value is None else keyring.blind(f"audit-value|{section.code}", value).hex()[:16]


def append(
    session: Session,
    keyring: Keyring,
    section: Section,
    actor_id: str,
    action: str,
    subject: str,
    *,
    changes: Mapping[str, Any] | None = None,
    count: int = 1,
    now: datetime,
) -> Head:
    """Write an entry in the caller's transaction: the act and its record stand or fall together.

    Call it last in the transaction: until it ends, others who append to this section wait.

    :param actor_id: the host's id of a member of staff, :data:`CLI` or :data:`WORKER`.
    :param action: what was done, such as ``rule_added``; at most 40 characters.
    :param subject: what it was done to, such as ``case:rocky-myers``; never a person.
    :param changes: ``{field: [before, after]}``: enumerations, numbers and dates as they are, anything typed through
        :func:`typed`.
    :param count: how many rows a bulk act touched.
    """
    head = locked_head(session, section.code)
    values = {
        "section": section.code,
        "seq": head.seq + 1,
        "at": now,
        # As the columns hold them: what a database shortened would not fit its digest.
        "actor_id": actor_id[:100],
        "action": action[:40],
        "subject": subject[:120],
        "count": count,
        # As JSON gives it back.
        "changes": json.loads(json.dumps(dict(changes or {}))),
    }
    digest = entry_digest(keyring, values, head.digest)
    session.add(AuditEntry(**values, digest=digest))
    session.execute(update(AuditHead).where(AuditHead.section == section.code).values(seq=head.seq + 1, digest=digest))
    session.flush()
    return Head(head.seq + 1, digest)


def locked_head(session: Session, code: str) -> Head:
    """The end of a section's log; whoever else appends to it, or lets go of it, waits until the transaction ends."""
    query = select(AuditHead.seq, AuditHead.digest).where(AuditHead.section == code).with_for_update()
    row = session.execute(query).first()
    if row is None:
        insert_ignore(session, AuditHead.__table__, {"section": code, "seq": 0, "digest": FIRST})
        row = session.execute(query).one()
    return Head(row.seq, bytes(row.digest))


def head(session: Session, section: Section) -> Head:
    """The end of the log now; number 0 while nothing was logged."""
    row = session.execute(select(AuditHead.seq, AuditHead.digest).where(AuditHead.section == section.code)).first()
    return Head(row.seq, bytes(row.digest)) if row else Head(0, FIRST)


def entry_digest(keyring: Keyring, values: Mapping[str, Any], before: bytes) -> bytes:
    """The digest of an entry, given the one before it."""
    return entry_digests(keyring, values, before)[0]


def entry_digests(keyring: Keyring, values: Mapping[str, Any], before: bytes) -> tuple[bytes, ...]:
    """The digests that an entry may have, as it was written under the index key or an earlier one."""
    at = values["at"].astimezone(UTC).isoformat(timespec="microseconds")
    names = ("section", "seq", "actor_id", "action", "subject", "count", "changes")
    plain = json.dumps([at, *(values[name] for name in names)], sort_keys=True, separators=(",", ":"))
    return tuple(hmac.digest(key, before + plain.encode(), hashlib.sha256) for key in keyring.sub_keys("audit"))


def checkpoint_signature(keyring: Keyring, section: str, head: Head, made_at: datetime) -> bytes:
    """What only this site can write beside a checkpoint: from which entry on, and since when, the log is kept.

    :param section: its code.
    :param head: the last entry that was let go.
    """
    return checkpoint_signatures(keyring, section, head, made_at)[0]


def checkpoint_signatures(keyring: Keyring, section: str, head: Head, made_at: datetime) -> tuple[bytes, ...]:
    """The signatures that a checkpoint may have, as it was made under the index key or an earlier one."""
    at = made_at.astimezone(UTC).isoformat(timespec="microseconds")
    told = f"{section}|{head}|{at}".encode()
    return tuple(hmac.digest(key, told, hashlib.sha256) for key in keyring.sub_keys("audit-checkpoint"))
