"""Counts: raised by the transaction that changes what counts, in one of sixteen slots so that writers do not queue."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...action_types import SIGNATURE
from ...keyring import Keyring
from ...models import Case, Edition, EditionPerson, Signature, TallySlot
from ...models.tally import SLOTS
from ...sections import Section
from ..storage.rows import among, execute
from ..storage.upsert import add_up, insert_fresh
from .keys import PEOPLE, PEOPLE_ERASED, WHOLE_EDITION, Key

_KEY = ("edition_id", "case_id", "action_type", "source", "status", "day", "slot")
#: Values in one IN list.
_CHUNK = 500


def add_all(
    session: Session, section: Section | str, edition_id: int, deltas: Mapping[Key, int], *, slot: int | None = None
) -> None:
    """Change several counts of an edition within the caller's transaction.

    :param section: or its code.
    :param deltas: so many more, or fewer.
    :param slot: which one; ``None``: any.
    """
    code = _code(section)
    rows = [
        {
            "section": code, "edition_id": edition_id, "case_id": key.case_id, "action_type": key.type, "source": key.source,
            "status": key.status, "day": key.day, "slot": secrets.randbelow(SLOTS) if slot is None else slot, "count": delta,
        }
        for key, delta in sorted(deltas.items())
        if delta
    ]  # fmt: skip
    add_up(session, TallySlot.__table__, rows, _KEY, "count")


def change(session: Session, section: Section, changes: Mapping[Key, int]) -> None:
    """Change counts of cases of whichever editions: so many more, or fewer. Other sections' cases are left out."""
    cases = {key.case_id for key in changes}
    found = select(Case.id, Case.edition_id).where(Case.section == section.code, Case.id.in_(cases))
    editions = dict(session.execute(found).all()) if cases else {}
    # In the order of ids, so that two who count do not wait for each other in a ring.
    for edition_id in sorted(set(editions.values())):
        mine = {key: number for key, number in changes.items() if editions.get(key.case_id) == edition_id}
        add_all(session, section, edition_id, mine)


def signature_scope(section: Section | str, case_id: int) -> str:
    """The scope of a signature's blind index: one case, so that signatures of one person cannot be joined.

    :param section: or its code.
    """
    return f"signature|{_code(section)}|{case_id}"


def person_scope(section: Section | str, edition_id: int) -> str:
    """The scope of the count of people: one edition.

    :param section: or its code.
    """
    return f"person|{_code(section)}|{edition_id}"


def _code(section: Section | str) -> str:
    return section if isinstance(section, str) else section.code


def count_signatures(
    session: Session,
    keyring: Keyring,
    section: Section,
    edition_id: int,
    canonicals: Mapping[tuple[int, date], Sequence[str | None]],
) -> None:
    """Signatures of an edition begin to count: so many more on each case, and each person whom it had not seen.

    :param canonicals: by case, and day of the confirmation, the mailbox of each, ``None`` for one without.
    """
    every = [canonical for some in canonicals.values() for canonical in some]
    scope = person_scope(section, edition_id)
    if keyring.has_earlier:
        bring_people_forward(session, keyring, section, edition_id, [one for one in every if one is not None])
    known = {keyring.blind(scope, canonical) for canonical in every if canonical is not None}
    people = sum(canonical is None for canonical in every)
    # Those there already are known, unless somebody who held their row has just deleted it.
    while known:
        new = insert_people(session, section, edition_id, known)
        people += len(new)
        known -= new | (_lock_people(session, edition_id, sorted(known - new)) if known - new else set())
    counted = {Key(case_id, SIGNATURE, day=day): len(some) for (case_id, day), some in canonicals.items()}
    add_all(session, section, edition_id, {Key(WHOLE_EDITION, PEOPLE): people, **counted})


def uncount_signatures(
    session: Session,
    keyring: Keyring,
    section: Section,
    edition_id: int,
    canonicals: Mapping[tuple[int, date], Sequence[str | None]],
) -> None:
    """Signatures of an edition cease to count; people too whom no other of them counts. Call it after their rows were changed.

    :param canonicals: as :func:`count_signatures` had them.
    """
    counted = {Key(case_id, SIGNATURE, day=day): -len(some) for (case_id, day), some in canonicals.items()}
    add_all(session, section, edition_id, counted)
    every = [canonical for some in canonicals.values() for canonical in some]
    people = _forget_people(session, keyring, section, edition_id, every)
    add_all(session, section, edition_id, {Key(WHOLE_EDITION, PEOPLE): -people})


def only_count(
    session: Session, keyring: Keyring, code: str, edition_id: int, canonicals: Sequence[str | None]
) -> None:
    """Signatures of an edition go on counting, and nobody can be told by them any more: of people whose last ones they are
    only the number stays. Call it after their rows were changed.

    :param code: the section's.
    :param canonicals: the mailbox that each had, ``None`` for one without.
    """
    people = _forget_people(session, keyring, code, edition_id, canonicals)
    add_all(session, code, edition_id, {Key(WHOLE_EDITION, PEOPLE_ERASED): people})


def _forget_people(
    session: Session, keyring: Keyring, section: Section | str, edition_id: int, canonicals: Sequence[str | None]
) -> int:
    """Delete the hashes of people whom no signature of the edition names any more; returns how many people that is."""
    people = sum(canonical is None for canonical in canonicals)
    mine = person_scope(section, edition_id)
    known = {
        index: canonical
        for canonical in set(canonicals)
        if canonical is not None
        for index in keyring.blinds(mine, canonical)
    }
    # Whoever changes another signature of the same people waits here, so that the look below sees what they did.
    there = {index: known[index] for index in _lock_people(session, edition_id, sorted(known))}
    still = _still_counted(session, keyring, section, edition_id, set(there.values()))
    gone = sorted(index for index, canonical in there.items() if canonical not in still)
    for start in range(0, len(gone), _CHUNK):
        removed = session.execute(
            delete(EditionPerson).where(
                EditionPerson.edition_id == edition_id,
                among(session, EditionPerson.person_index, gone[start : start + _CHUNK]),
            )
        )
        people += removed.rowcount  # type: ignore[attr-defined]
    return people


def bring_people_forward(
    session: Session, keyring: Keyring, section: Section | str, edition_id: int, canonicals: Sequence[str]
) -> None:
    """People whom an edition knows by an earlier index key are known by the newest from now on.

    :param section: or its code.
    :param canonicals: the mailboxes that are asked about.
    """
    newest: dict[bytes, bytes] = {}
    for canonical in set(canonicals):
        new, *older = keyring.blinds(person_scope(section, edition_id), canonical)
        newest |= dict.fromkeys(older, new)
    found = _lock_people(session, edition_id, sorted(newest))
    for start in range(0, len(gone := sorted(found)), _CHUNK):
        some = EditionPerson.person_index.in_(gone[start : start + _CHUNK])
        session.execute(delete(EditionPerson).where(EditionPerson.edition_id == edition_id, some))
    came = insert_people(session, section, edition_id, {newest[index] for index in found}) if found else set()
    if len(came) < len(found):
        # Counted under both keys, by processes that ran with different settings.
        add_all(session, section, edition_id, {Key(WHOLE_EDITION, PEOPLE): len(came) - len(found)})


def forget_person(session: Session, keyring: Keyring, section: Section, canonical: str) -> None:
    """A person is told apart from others no more, in any edition of the section, and goes on being counted.

    :param canonical: the address in canonical form.
    """
    editions = session.scalars(select(Edition.id).where(Edition.section == section.code).order_by(Edition.id)).all()
    own = [index for number in editions for index in keyring.blinds(person_scope(section, number), canonical)]
    mine = (EditionPerson.edition_id.in_(editions), EditionPerson.person_index.in_(own))
    there = session.scalars(
        select(EditionPerson.edition_id).where(*mine).order_by(EditionPerson.edition_id).with_for_update()
    )
    seen = there.all()
    if seen:
        execute(session, delete(EditionPerson).where(*mine))
    for edition_id in seen:
        add_all(session, section, edition_id, {Key(WHOLE_EDITION, PEOPLE_ERASED): 1})


def insert_people(session: Session, section: Section | str, edition_id: int, people: set[bytes]) -> set[bytes]:
    """Note people as seen; returns those that had not been."""
    # In the order of the key, so that two who count the same people do not wait for each other in a ring.
    code = _code(section)
    rows = [{"section": code, "edition_id": edition_id, "person_index": person} for person in sorted(people)]
    table = EditionPerson.__table__
    return {bytes(row.person_index) for row in insert_fresh(session, table, rows, table.c.person_index)}


def _lock_people(session: Session, edition_id: int, people: Sequence[bytes]) -> set[bytes]:
    """Keep others from counting or uncounting these people until the transaction ends; returns those there are."""
    found: set[bytes] = set()
    for start in range(0, len(people), _CHUNK):
        some = among(session, EditionPerson.person_index, people[start : start + _CHUNK])
        wanted = select(EditionPerson.person_index).where(EditionPerson.edition_id == edition_id, some)
        found |= {bytes(one) for one in session.scalars(wanted.order_by(EditionPerson.person_index).with_for_update())}
    return found


def _still_counted(
    session: Session, keyring: Keyring, section: Section | str, edition_id: int, canonicals: set[str]
) -> set[str]:
    """Those of some people whom a signature of the edition that counts names still."""
    cases = session.scalars(select(Case.id).where(Case.edition_id == edition_id)).all() if canonicals else ()
    still: set[str] = set()
    for case in cases:
        # An index is of one case: asked for in all of them, it is looked for ten times. Who is found is not asked for again.
        scope = signature_scope(section, case)
        owners = {index: one for one in canonicals - still for index in keyring.blinds(scope, one)}
        indexes = sorted(owners)
        for start in range(0, len(indexes), _CHUNK):
            some = among(session, Signature.email_index, indexes[start : start + _CHUNK])
            found = session.scalars(select(Signature.email_index).where(Signature.case_id == case, some, *counted()))
            still |= {owners[bytes(index)] for index in found if index is not None}
    return still


def counted() -> tuple[Any, ...]:
    """The condition that a signature counts."""
    return (Signature.state == "confirmed", Signature.held_at.is_(None))
