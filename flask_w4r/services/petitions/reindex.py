"""Signatures that are known by an earlier index key come to be known by the newest: one and the same person signs once.

``keys reindex`` goes through all of them. Meanwhile the worker brings those forward that somebody signs again, before it writes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...seam import Reindexed
from ..people import reindex
from ..people.names import fold_name
from ..tally import counts as tally

_COLUMNS = (
    Signature.id, Signature.section, Signature.case_id, Signature.slot, Signature.state, Signature.held_at,
    Signature.email_index, Signature.name_index, Signature.person, Signature.withhold_name, Signature.newsletter,
)  # fmt: skip
_TABLE: Any = Signature.__table__
#: Values in one IN list.
_CHUNK = 500


def details_scope(code: str, case_id: int) -> str:
    """The scope of the hash of all that was typed."""
    return f"details|{code}|{case_id}"


def name_scope(code: str, case_id: int) -> str:
    """The scope of the hash of a name."""
    return f"name|{code}|{case_id}"


def details_text(person: Mapping[str, Any], *, withhold_name: bool, newsletter: bool) -> str:
    """All that was typed, as it is hashed."""
    return json.dumps([dict(person), withhold_name, newsletter], sort_keys=True)


def _fresh(keyring: Keyring, row: Any, owners: dict[int, str]) -> dict[str, Any] | None:
    """The indexes of a signature as they should be; ``owners``: whose it is, by its id, is noted."""
    person = reindex.opened(keyring, row.person)
    if person is None:
        return None
    canonical = reindex.mailbox_of(person)
    if canonical is not None:
        owners[row.id] = canonical
    typed = details_text(person, withhold_name=row.withhold_name, newsletter=row.newsletter)
    name = fold_name(person.get("first_name", ""), person.get("last_name", ""))
    values: dict[str, Any] = {}
    if canonical is not None:
        values["email_index"] = keyring.blind(tally.signature_scope(row.section, row.case_id), canonical)
    values["name_index"] = keyring.blind(name_scope(row.section, row.case_id), name)
    values["details_index"] = keyring.blind(details_scope(row.section, row.case_id), typed)
    return values


def step(session: Session, keyring: Keyring, after: int | None, limit: int, *, write: bool) -> Reindexed:
    """The next signatures; see ``seam.Indexed``."""

    def taken(new: Mapping[int, Mapping[str, Any]], rows: Mapping[int, Any]) -> set[int]:
        return _doubled(session, new, rows)

    owners: dict[int, str] = {}
    done, rows = reindex.step(
        session, _COLUMNS, Signature.person.is_not(None), lambda row: _fresh(keyring, row, owners), after, limit,
        write=write, taken=taken,
    )  # fmt: skip
    if write:
        _people(session, keyring, rows.values(), owners)
    return done


def _doubled(session: Session, new: Mapping[int, Mapping[str, Any]], rows: Mapping[int, Any]) -> set[int]:
    """Those of some signatures whose place somebody has who signed with the same address."""
    cases = {row.case_id for row in rows.values()}
    wanted = sorted({values["email_index"] for values in new.values() if "email_index" in values})
    there = set()
    for start in range(0, len(wanted), _CHUNK):
        some = Signature.email_index.in_(wanted[start : start + _CHUNK])
        query = select(Signature.case_id, Signature.email_index, Signature.slot).where(
            Signature.case_id.in_(cases), some
        )
        there |= {(row.case_id, bytes(row.email_index), row.slot) for row in session.execute(query)}
    return {
        number
        for number, values in new.items()
        if (rows[number].case_id, values.get("email_index"), rows[number].slot) in there
    }


def _people(session: Session, keyring: Keyring, rows: Iterable[Any], owners: Mapping[int, str]) -> None:
    counted = [row for row in rows if row.state == "confirmed" and row.held_at is None]
    query = select(Case.id, Case.edition_id).where(Case.id.in_({row.case_id for row in counted}))
    editions = dict(session.execute(query).all()) if counted else {}
    people: dict[tuple[str, int], list[str]] = defaultdict(list)
    for row in counted:
        if row.id in owners:
            people[row.section, editions[row.case_id]].append(owners[row.id])
    for (code, edition_id), canonicals in sorted(people.items()):
        tally.bring_people_forward(session, keyring, code, edition_id, canonicals)


def bring_forward(
    session: Session, keyring: Keyring, code: str, case_ids: Collection[int], canonicals: Collection[str]
) -> None:
    """What some addresses signed on some cases is known by the newest index key from now on.

    Two who do so at once wait for each other; the later one finds nothing left to do.
    """
    older = [
        index
        for case_id in case_ids
        for canonical in canonicals
        for index in keyring.blinds(tally.signature_scope(code, case_id), canonical)[1:]
    ]
    rows: dict[int, Any] = {}
    for start in range(0, len(older), _CHUNK):
        mine = select(*_COLUMNS).where(
            Signature.case_id.in_(case_ids), Signature.email_index.in_(older[start : start + _CHUNK])
        )
        rows |= {row.id: row for row in session.execute(mine.order_by(Signature.id).with_for_update())}
    new = {number: _forward(keyring, row, canonicals) for number, row in rows.items()}
    for number in _doubled(session, new, rows) if new else ():
        del new[number]
    reindex.change(session, _TABLE, new)


def _forward(keyring: Keyring, row: Any, canonicals: Collection[str]) -> dict[str, Any]:
    values = _fresh(keyring, row, {}) if row.person else None
    if values is None:
        # Disowned, so that only the address' index is left: which of them it was, that tells.
        scope = tally.signature_scope(row.section, row.case_id)
        owner = next(one for one in canonicals if bytes(row.email_index) in keyring.blinds(scope, one))
        return {"email_index": keyring.blind(scope, owner)}
    return values
