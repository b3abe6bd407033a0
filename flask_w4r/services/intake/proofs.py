"""Captcha solutions that came with forms: each is good for one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ...models import SpentProof
from ..storage.upsert import insert_fresh
from .sent import Entry


def replayed(session: Session, entries: Sequence[Entry]) -> set[int]:
    """Use up the solutions that came with some forms.

    :returns: the ids of those whose solution had been used before, by an earlier one of them or by any other form.
    """
    first: dict[bytes, Entry] = {}
    for entry in entries:
        if entry.sent.proof is not None:
            first.setdefault(entry.sent.proof, entry)
    # In one order everywhere, so that two workers do not wait for each other in a ring.
    rows = [{"digest": digest, "expires_at": first[digest].sent.proof_expires_at} for digest in sorted(first)]
    fresh = {
        first[bytes(row.digest)].id
        for row in insert_fresh(session, SpentProof.__table__, rows, SpentProof.__table__.c.digest)
    }
    return {entry.id for entry in entries if entry.sent.proof is not None and entry.id not in fresh}
