"""A mailbox that was proved stays proved for a while, for whoever proved it: a sealed value that holds no address."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from ...keyring import Keyring, SealBroken
from ...sections import Section

#: So long after the press of a link's button.
HOLDS = timedelta(hours=2)


def prove(keyring: Keyring, section: Section, canonical: str, *, now: datetime) -> str:
    """Make the proof that somebody reads the mail of an address.

    :param canonical: the address in canonical form. The proof holds a keyed hash of it alone.
    :returns: a sealed value for the visitor to keep.
    """
    until = (now + HOLDS).timestamp()
    return keyring.seal_json([section.code, keyring.blind(_scope(section), canonical).hex(), until])


def is_proved(keyring: Keyring, section: Section, canonical: str, proof: str, *, now: datetime) -> bool:
    """Whether a value that a visitor brought proves an address in a section, still."""
    try:
        code, index, until = keyring.open_json(proof)
    except (SealBroken, ValueError, TypeError):
        return False
    known = [one.hex() for one in keyring.blinds(_scope(section), canonical)]
    same = code == section.code and any(hmac.compare_digest(str(index), one) for one in known)
    return same and isinstance(until, float) and now.timestamp() < until


def _scope(section: Section) -> str:
    return f"mailbox|{section.code}"
