"""The centre's news of cases: what may stand in a feed, how it is signed, and by what it is known for the centre's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...config_rollup import StatusFeed
from ...models import Witness
from ...models.campaign import CASE_STATUSES
from ...sections import Section
from ..kits.fields import locale_fault, text_fault, url_fault
from ..kits.texts import LENGTHS
from . import aggregate
from .documents import (
    SIGNED,
    Check,
    Refused,
    insist_on,
    is_edition,
    is_list,
    is_moment,
    is_name,
    is_slug,
    parse,
    rows_of,
    write_moment,
)
from .keys import check_list, check_newer, check_times
from .signing import canonical, digest, is_signed_by, key_id, public_of, sign

#: What a feed says that it is, so that no other signed file passes for one.
FEED_KIND = "status_feed"
#: Under which name a section keeps in mind how far it followed the feed, and the list of keys that came with it.
FEED, FEED_ROOT = "feed", "feed_root"
KIND = "feed"
#: Days after which nobody should go by a feed any more.
DAYS = 30
#: What may have changed: a case's status, or words of it.
CHANGES = (*CASE_STATUSES, "demand", "target")
#: The texts of a case that a feed may bring; a story comes with a kit.
TEXTS = ("title", "summary", "demand", "petition")
TARGET = {"name": 200, "title": 200, "salutation": 200, "address": 500, "email": 254}
_MOST_ENTRIES, _MOST_WORDS = 500, 40


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_text(value: Any, longest: int, *, lines: bool) -> bool:
    fits = isinstance(value, str) and len(value.strip()) > 0 and len(value) <= longest
    return fits and text_fault(value) is None and (lines or "\n" not in value)


def _are_texts(value: Any) -> bool:
    """``{locale: {field: words}}``."""
    return isinstance(value, Mapping) and len(value) <= _MOST_WORDS and all(
        isinstance(locale, str) and locale_fault(locale) is None and isinstance(texts, Mapping)
        and all(
            name in TEXTS and _is_text(text, LENGTHS[name], lines=name == "petition")
            for name, text in texts.items()
        )
        for locale, texts in value.items()
    )  # fmt: skip


def _is_target(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        name in TARGET and _is_text(text, TARGET[name], lines=name == "address") for name, text in value.items()
    )


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 500 and value.isascii() and url_fault(value) is None


_FEED: Mapping[str, Check] = {
    **SIGNED, "kind": lambda value: value == FEED_KIND, "issued": is_moment, "entries": is_list(_MOST_ENTRIES),
    "keys": lambda value: value is None or isinstance(value, Mapping),
}  # fmt: skip
_ENTRY: Mapping[str, Check] = {
    "id": is_name, "slug": is_slug, "edition": is_edition, "change": lambda value: value in CHANGES, "on": _is_day,
    "source": _is_url, "texts": _are_texts, "target": _is_target,
}  # fmt: skip


def make_feed(
    section: str,
    entries: Sequence[Mapping[str, Any]],
    private: str,
    *,
    keys: Mapping[str, Any] | None,
    sequence: int,
    now: datetime,
    days: int = DAYS,
) -> dict[str, Any]:
    """A signed feed. It needs no database, so it can be made off line.

    :param section: the code of the section that signs.
    :param entries: ``slug edition change on source`` of each, and where they apply ``id texts target``.
    :param private: the key that signs.
    :param keys: the root's list of keys, for whoever pins the root.
    :param sequence: larger than that of the feed before.
    :raises Refused: something in it is not as it must be.
    """
    plain = {
        "kind": FEED_KIND, "section": section, "sequence": sequence, "issued": write_moment(now),
        "expires": write_moment(now + timedelta(days=days)), "entries": [_whole(entry) for entry in entries],
        "keys": dict(keys) if keys is not None else None,
    }  # fmt: skip
    # Before it is signed: a value that is none in JSON has no canonical form.
    _check_shape({**plain, "key_id": key_id(public_of(private)), "signature": "0" * 86})
    return sign(plain, private)


def _whole(entry: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"texts": {}, "target": {}, **entry}
    if "id" not in whole and all(isinstance(value, str | Mapping) for value in whole.values()):
        whole["id"] = digest({"entry": whole})[:24]
    return whole


def _check_shape(document: Mapping[str, Any]) -> None:
    insist_on(document, _FEED)
    rows_of(document, "entries", _ENTRY)
    names = [entry["id"] for entry in document["entries"]]
    if len(set(names)) < len(names):
        raise Refused("unreadable", "two entries have the same id")


def read_feed(
    data: bytes, feed: StatusFeed, before: Witness | None, before_root: Witness | None, *, now: datetime
) -> dict[str, Any]:
    """Read a feed, and see that it is the centre's, in force, and not older than the last one.

    :param before: the last feed that was followed.
    :param before_root: the last list of keys that came with one.
    :raises Refused: it is not.
    """
    document = parse(data)
    _check_shape(document)
    if feed.sender is not None and document["section"] != feed.sender:
        raise Refused("unknown_key", f"it is from {document['section']}, not from {feed.sender}")
    public = feed.public_key or _named_by_root(document, feed.root or "", before_root, now)
    if document["key_id"] != key_id(public):
        raise Refused("unknown_key", f"key {document['key_id']} is not the one that is known")
    if not is_signed_by(document, public):
        raise Refused("tampered", "it is not as the centre signed it")
    check_times(document, document["issued"], now=now)
    check_newer(document, before)
    return document


def _named_by_root(document: Mapping[str, Any], root: str, before: Witness | None, now: datetime) -> str:
    """The public key that the root's list, which comes with a feed, names for it."""
    listed = document["keys"]
    if listed is None:
        raise Refused("unknown_key", "it comes without the root's list of keys")
    check_list(listed, root, before, now=now)
    if document["key_id"] in listed["revoked"]:
        raise Refused("revoked", f"key {document['key_id']} was revoked")
    for entry in listed["keys"]:
        is_it = entry["used_for"] == KIND and entry["section"] == document["section"]
        if is_it and key_id(entry["public_key"]) == document["key_id"]:
            return str(entry["public_key"])
    raise Refused(
        "unknown_key", f"key {document['key_id']} is not in the root's list for a feed of {document['section']}"
    )


def publish(
    session: Session, section: Section, data: bytes, publics: Sequence[str], *, now: datetime
) -> dict[str, Any]:
    """Serve a feed from now on.

    :param publics: the keys that it may be signed with.
    :raises Refused: it is not in order, or not newer than what is served.
    """
    document = parse(data)
    _check_shape(document)
    if document["section"] != section.code:
        raise Refused("unknown_key", f"it is from {document['section']}, not from {section.code}")
    if not any(is_signed_by(document, public) for public in publics):
        raise Refused("unknown_key", f"it is not signed with a key of {section.code} that is known here")
    check_times(document, document["issued"], now=now)
    row = aggregate.locked(session, section, KIND, now)
    if document["sequence"] <= row.sequence:
        raise Refused("replayed", f"number {document['sequence']} is not newer than {row.sequence}, which is served")
    row.sequence, row.signed_at, row.document = document["sequence"], now, json.dumps(document)
    session.flush()
    return document


def same_entry(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries say the same."""
    return canonical(one) == canonical(other)
