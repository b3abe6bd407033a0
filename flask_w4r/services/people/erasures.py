"""Who asked to be erased, as keyed hashes: nothing that they had sent before may come up again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Erasure
from ...sections import Section

#: The scope of an erasure of everything.
ALL = "all"


def digest(keyring: Keyring, section: Section, scope: str, canonical: str) -> bytes:
    """What the ledger knows an address by.

    :param scope: :data:`ALL`, or what was left.
    :param canonical: the address in canonical form.
    """
    return digests(keyring, section, scope, canonical)[0]


def digests(keyring: Keyring, section: Section, scope: str, canonical: str) -> tuple[bytes, ...]:
    """What the ledger may know an address by: lines are of the index key of their time."""
    return keyring.blinds(f"erasure|{section.code}|{scope}", canonical)


def erased_among(
    session: Session, keyring: Keyring, section: Section, sent: Sequence[tuple[str, datetime]]
) -> Collection[tuple[str, datetime]]:
    """What was sent before its sender was erased, of what is processed only now.

    :param sent: addresses in canonical form, each with when something came from it.
    """
    open_lines = select(Erasure.digest, Erasure.erased_at).where(
        Erasure.section == section.code, Erasure.scope == ALL, Erasure.settled_at.is_(None)
    )
    erased = {bytes(row[0]): row[1] for row in session.execute(open_lines)}
    if not erased:
        return ()
    return {
        (canonical, moment)
        for canonical, moment in sent
        if canonical
        and any(moment <= erased[one] for one in digests(keyring, section, ALL, canonical) if one in erased)
    }
