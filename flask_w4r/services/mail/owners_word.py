"""What the owner of an address said of our mail, and only they take back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ...keyring import Keyring, SealBroken
from ...models import Suppression
from ...sections import Section
from ..storage.rows import execute
from .caps import OWNERS_WORD, address_index, suppress

#: So long after it was said, by whoever has the page that says so.
HOLDS = timedelta(hours=2)


def wants_none(session: Session, keyring: Keyring, section: Section, canonical: str, *, now: datetime) -> str:
    """The owner of an address wants no mail.

    :param canonical: the address in canonical form.
    :returns: a sealed value for their browser to take it back with. It holds a keyed hash of the address alone.
    """
    suppress(session, keyring, section, canonical, "not_me", now=now)
    index = address_index(keyring, section, canonical)
    return keyring.seal_json([section.code, index.hex(), (now + HOLDS).timestamp()])


def takes_back(session: Session, keyring: Keyring, section: Section, sealed: str, *, now: datetime) -> bool:
    """The owner pressed it by mistake: mail goes to the address again.

    :param sealed: from :func:`wants_none`, as a visitor brought it.
    :returns: whether it is one of this section's, and not too old.
    """
    try:
        code, index, until = keyring.open_json(sealed)
    except (SealBroken, ValueError, TypeError):
        return False
    if code != section.code or not isinstance(until, float) or now.timestamp() >= until:
        return False
    mine = (Suppression.section == code, Suppression.address_index == bytes.fromhex(index))
    execute(session, delete(Suppression).where(*mine, Suppression.reason.in_(OWNERS_WORD)))
    return True
