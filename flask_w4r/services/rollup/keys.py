"""Whose keys the centre trusts: said by a person here, or by a list that a root key signed off line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...config_rollup import to_bytes
from ...models import RollupKey, RollupPart, Witness
from ...models.rollup import KEY_USES
from ..storage.rows import execute
from ..storage.upsert import upsert
from .documents import (
    SIGNED,
    Check,
    Refused,
    insist_on,
    is_code,
    is_key_id,
    is_list,
    is_moment,
    parse,
    read_moment,
    rows_of,
    write_moment,
)
from .signing import digest, is_signed_by, key_id, sign

#: What a list of keys says that it is, so that no other signed file passes for one.
LIST_KIND = "section_keys"
#: Under which name the newest list is kept in mind.
ROOT = "root"
#: Days after which a list is not taken any more.
DAYS = 400
#: A clock may be so far ahead of ours.
SKEW = timedelta(minutes=10)
_MOST = 5000
_LIST: Mapping[str, Check] = {
    **{name: check for name, check in SIGNED.items() if name != "section"},
    "kind": lambda value: value == LIST_KIND, "issued": is_moment, "keys": is_list(_MOST), "revoked": is_list(_MOST),
}  # fmt: skip
_ENTRY: Mapping[str, Check] = {
    "section": is_code,
    "public_key": lambda value: to_bytes(value, 32) is not None,
    "used_for": lambda value: value in KEY_USES,
}


class Trusted:
    """The keys that are known, looked up by what a file says of itself."""

    def __init__(self, rows: Collection[RollupKey], revoked: Collection[str] = ()) -> None:
        self._rows = {(row.sender, row.key_id): row.public_key for row in rows}
        self._revoked = revoked

    def key_of(self, document: Mapping[str, Any]) -> str:
        """The public key that a document says it was signed with.

        :raises Refused: it is not that section's, or it was revoked.
        """
        section, name = document["section"], document["key_id"]
        if name in self._revoked:
            raise Refused("revoked", f"key {name} was revoked")
        if (section, name) not in self._rows:
            raise Refused("unknown_key", f"key {name} is not known for {section}")
        return self._rows[section, name]


def trusted(session: Session, used_for: str) -> Trusted:
    """All keys for one use."""
    wanted = select(RollupKey).where(RollupKey.used_for == used_for, RollupKey.revoked_at.is_(None))
    return Trusted(session.scalars(wanted).all(), revoked_ids(session))


def trust(
    session: Session, sender: str, public: str, *, used_for: str = "tally", root: str | None, now: datetime
) -> str:
    """Take a section's public key at somebody's word.

    :param root: the root key that this site goes by, if any: then its list alone says which keys there are.
    :returns: the key's id.
    :raises BadValue: it is no public key.
    :raises Refused: there is a root; or the key was revoked.
    """
    if root is not None:
        raise Refused("pinned", "this site trusts the keys in the root's list: use 'flask w4r rollup keys import'")
    if not is_code(sender):
        raise Refused("unreadable", "a section's code is 1 to 32 letters, digits, '-' and '_'")
    name = key_id(public)
    if _is_revoked(session, name):
        raise Refused("revoked", f"key {name} was revoked, and is not trusted again")
    _put(session, sender, public, used_for, is_from_root=False, now=now)
    return name


def revoke(session: Session, name: str, *, now: datetime) -> int:
    """Trust a key no more, whoever says otherwise, and let go of the numbers that it signed: whoever had it may have given
    them a number that nothing newer could exceed.

    :param name: the key's id. One that is not known yet is revoked all the same.
    :returns: for how many sections it was trusted.
    :raises Refused: it is no key's id.
    """
    if not is_key_id(name):
        raise Refused("unreadable", "a key's id is 32 hex digits, as 'flask w4r rollup keys list' shows it")
    found = execute(
        session,
        update(RollupKey).where(RollupKey.key_id == name, RollupKey.revoked_at.is_(None)).values(revoked_at=now),
    )
    session.execute(delete(RollupPart).where(RollupPart.key_id == name))
    if not found and not _is_revoked(session, name):
        session.add(
            RollupKey(
                sender="", key_id=name, used_for=KEY_USES[0], public_key="", is_from_root=False, trusted_at=now,
                revoked_at=now,
            )
        )  # fmt: skip
        session.flush()
    return found


def _is_revoked(session: Session, name: str) -> bool:
    wanted = select(RollupKey.key_id).where(RollupKey.key_id == name, RollupKey.revoked_at.is_not(None)).limit(1)
    return session.execute(wanted).first() is not None


def _put(session: Session, sender: str, public: str, used_for: str, *, is_from_root: bool, now: datetime) -> None:
    values = {
        "sender": sender, "key_id": key_id(public), "used_for": used_for, "public_key": public,
        "is_from_root": is_from_root, "trusted_at": now, "revoked_at": None,
    }  # fmt: skip
    # One that was revoked stays so.
    known = {"public_key": public, "is_from_root": is_from_root}
    upsert(session, RollupKey.__table__, values, ["sender", "key_id", "used_for"], known)


def revoked_ids(session: Session) -> set[str]:
    """The ids of all keys that were revoked."""
    return set(session.scalars(select(RollupKey.key_id).where(RollupKey.revoked_at.is_not(None))))


def make_list(
    entries: Sequence[Mapping[str, Any]],
    revoked: Sequence[str],
    private: str,
    *,
    sequence: int,
    now: datetime,
    days: int = DAYS,
) -> dict[str, Any]:
    """A list of keys, signed by the root. It needs no database, so it can be made off line.

    :param entries: ``section``, ``public_key`` and ``used_for`` of each.
    :param revoked: ids of keys that nobody may trust again.
    :param private: the root's private key.
    :param sequence: larger than that of the list before.
    :raises Refused: something in it is not as it must be.
    """
    rows_of({"keys": entries}, "keys", _ENTRY)
    if not all(is_key_id(one) for one in revoked):
        raise Refused("unreadable", "revoked: a key's id is 32 hex digits")
    document = sign(
        {
            "kind": LIST_KIND, "sequence": sequence, "issued": write_moment(now),
            "expires": write_moment(now + timedelta(days=days)), "keys": list(entries), "revoked": list(revoked),
        },
        private,
    )  # fmt: skip
    _check_list(document)
    return document


def _check_list(document: Mapping[str, Any]) -> None:
    insist_on(document, _LIST)
    rows_of(document, "keys", _ENTRY)
    if not all(is_key_id(one) for one in document["revoked"]):
        raise Refused("unreadable", "revoked: a key's id is 32 hex digits")


def check_list(document: Mapping[str, Any], root: str, before: Witness | None, *, now: datetime) -> None:
    """See that a list of keys is the root's, in force, and not older than the last one.

    :param before: the last one.
    :raises Refused: it is not.
    """
    _check_list(document)
    if not is_signed_by(document, root):
        raise Refused("tampered", "the list of keys is not as the root signed it")
    check_times(document, document["issued"], now=now)
    check_newer(document, before)


def check_times(document: Mapping[str, Any], since: str, *, now: datetime) -> tuple[datetime, datetime]:
    """See that a document is of now.

    :param since: the moment it says it was made.
    :returns: that moment, and until when it may be taken.
    :raises Refused: it is of the future, or its time is over.
    """
    begins, ends = read_moment(since), read_moment(document["expires"])
    if begins is None or begins > now + SKEW:
        raise Refused("future", f"it says that it was made at {since}, which is yet to come")
    if ends is None or ends <= now:
        raise Refused("expired", f"it could be taken until {document['expires']}")
    return begins, ends


def check_newer(document: Mapping[str, Any], before: Witness | None) -> None:
    """See that a document follows the last one of its kind, or is that one.

    :raises Refused: it is older, or another one of the same number.
    """
    if before is None or document["sequence"] > before.sequence:
        return
    if document["sequence"] < before.sequence:
        raise Refused(
            "replayed", f"number {document['sequence']} is older than {before.sequence}, which was seen before"
        )
    if digest(document) != before.digest:
        raise Refused("replayed", f"number {before.sequence} was used for something else before")


def import_list(session: Session, data: bytes, root: str, *, now: datetime) -> tuple[int, int]:
    """Go by a list of keys that the root signed, and by nothing that was said before, revocations apart.

    :returns: how many keys are trusted now, and how many are revoked.
    :raises Refused: it is not the root's, not in force, or older than the last one.
    """
    document = parse(data)
    before = session.get(Witness, ROOT, with_for_update=True, populate_existing=True)
    check_list(document, root, before, now=now)
    for name in document["revoked"]:
        revoke(session, name, now=now)
    session.execute(delete(RollupKey).where(RollupKey.revoked_at.is_(None)))
    gone = revoked_ids(session)
    kept = [entry for entry in document["keys"] if key_id(entry["public_key"]) not in gone]
    for entry in kept:
        _put(session, entry["section"], entry["public_key"], entry["used_for"], is_from_root=True, now=now)
    note(session, ROOT, document, now=now)
    return len(kept), len(gone)


def note(session: Session, name: str, document: Mapping[str, Any], *, now: datetime) -> None:
    """Keep in mind how far something signed was followed."""
    values = {
        "sequence": document["sequence"], "digest": digest(document), "expires": read_moment(document["expires"]),
        "seen_at": now, "tried_at": now, "problem": "",
    }  # fmt: skip
    upsert(session, Witness.__table__, {"name": name, **values}, ["name"], values)
