"""Who wants no mail that nobody just asked for: one press of a link in any such mail says so (RFC 8058).

It says nothing of mail that its owner asks for, such as the link that confirms a signature: that still comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Unsubscribed
from ...seam import Ask
from ...sections import Section
from ..people import tokens
from ..storage.rows import execute
from ..storage.upsert import insert_ignore

PURPOSE = "unsubscribe"
#: So long the link works. Senders of many mails are asked for 30 days at least.
DAYS = 90


def _indexes(keyring: Keyring, section: Section, canonical: str) -> tuple[bytes, ...]:
    return keyring.blinds(f"unsubscribed|{section.code}", canonical)


def unsubscribed_among(
    session: Session, keyring: Keyring, asked: Iterable[tuple[Section, str]]
) -> set[tuple[str, str]]:
    """Which addresses want no mail that nobody just asked for.

    :param asked: sections, and addresses in canonical form.
    :returns: section codes and addresses.
    """
    indexes = {
        index: (section.code, canonical)
        for section, canonical in asked
        for index in _indexes(keyring, section, canonical)
    }
    if not indexes:
        return set()
    found = session.scalars(select(Unsubscribed.address_index).where(Unsubscribed.address_index.in_(indexes)))
    return {indexes[bytes(index)] for index in found}


def since(session: Session, keyring: Keyring, section: Section, canonical: str) -> datetime | None:
    """Since when an address wants no such mail; ``None``: it may have it."""
    indexes = _indexes(keyring, section, canonical)
    mine = (Unsubscribed.section == section.code, Unsubscribed.address_index.in_(indexes))
    return session.scalars(select(Unsubscribed.created_at).where(*mine).limit(1)).first()


def add_links(
    session: Session,
    keyring: Keyring,
    asks: Sequence[Ask],
    contexts: Sequence[Mapping[str, Any] | None],
    *,
    now: datetime,
) -> list[Mapping[str, Any] | None]:
    """Give mails that are about to leave the link that ends them.

    :param asks: the mails; the link is kept with each, so that a second hand-over carries the same.
    :param contexts: of each what it says, or ``None``.
    :returns: the contexts, with the link among their ``tokens``.
    """
    lacking = [
        ask
        for ask, context in zip(asks, contexts, strict=True)
        if context is not None and PURPOSE not in ask.params.get("tokens", {})
    ]
    wanted = [
        (ask.section.code, PURPOSE, [_indexes(keyring, ask.section, ask.address.canonical)[0].hex()]) for ask in lacking
    ]
    for ask, token in zip(lacking, tokens.issue_all(session, wanted, now=now, days=DAYS), strict=True):
        kept: MutableMapping[str, Any] = dict(ask.params.get("tokens", {}))
        ask.params["tokens"] = {**kept, PURPOSE: token}
    return [
        None
        if context is None
        else {**context, "tokens": {**context.get("tokens", {}), PURPOSE: ask.params["tokens"][PURPOSE]}}
        for ask, context in zip(asks, contexts, strict=True)
    ]


def look(session: Session, section: Section, raw: str, *, now: datetime) -> bytes:
    """Whose link it is, as a keyed hash. An old one still works: nobody is told to look for a newer mail.

    :param raw: the link's token.
    :raises TokenInvalid: it is no such link.
    """
    return bytes.fromhex(tokens.find(session, section.code, PURPOSE, raw, now=now).payload[0])


def is_unsubscribed(session: Session, section: Section, raw: str, *, now: datetime) -> bool:
    """Whether the owner of a link wants no more of it already.

    :raises TokenInvalid: it is no such link.
    """
    return session.get(Unsubscribed, (section.code, look(session, section, raw, now=now))) is not None


def resubscribe(session: Session, section: Section, raw: str, *, now: datetime) -> None:
    """The owner of an address asks for such mails again.

    :param raw: the link's token.
    :raises TokenInvalid: it is no such link.
    """
    index = look(session, section, raw, now=now)
    mine = (Unsubscribed.section == section.code, Unsubscribed.address_index == index)
    execute(session, delete(Unsubscribed).where(*mine))


def unsubscribe(session: Session, section: Section, raw: str, *, now: datetime) -> None:
    """The owner of an address wants no more of it.

    :param raw: the link's token.
    :raises TokenInvalid: it is no such link.
    """
    values = {"section": section.code, "address_index": look(session, section, raw, now=now), "created_at": now}
    insert_ignore(session, Unsubscribed.__table__, values)
