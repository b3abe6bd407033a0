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
    return keyring.seal_json([section.code, _index(keyring, section, canonical), until])


def is_proved(keyring: Keyring, section: Section, canonical: str, proof: str, *, now: datetime) -> bool:
    """Whether a value that a visitor brought proves an address in a section, still."""
    try:
        code, index, until = keyring.open_json(proof)
    except (SealBroken, ValueError, TypeError):
        return False
    same = code == section.code and hmac.compare_digest(str(index), _index(keyring, section, canonical))
    return same and isinstance(until, float) and now.timestamp() < until


def _index(keyring: Keyring, section: Section, canonical: str) -> str:
    return keyring.blind(f"mailbox|{section.code}", canonical).hex()
