"""The rows themselves, counted, beside what is kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ...action_types import SIGNATURE
from ...keyring import Keyring
from ...models import Case, Edition, EditionPerson, Signature, TallySlot
from ...sections import Section
from ..people.addresses import parse_address
from .counts import add_all, counted, insert_people, person_scope
from .keys import PEOPLE, PEOPLE_ERASED, WHOLE_EDITION, Key


@dataclass(frozen=True)
class Drift:
    """A count that is not what the rows say. ``case`` is a slug, with what tells the count from others of the case; or
    ``(people)``."""

    edition: str
    case: str
    kept: int
    counted: int


def recount(
    session: Session,
    keyring: Keyring,
    section: Section,
    recounts: Iterable[Callable[..., Mapping[Key, int]]],
    *,
    fix: bool,
    people: Iterable[Callable[..., Mapping[int, int]]] = (),
) -> tuple[int, list[Drift]]:
    """Count the rows themselves and compare.

    :param recounts: what each capability counts of its own rows, as ``Seam.recounts`` has them.
    :param people: what each counts of people whom nothing tells apart, as ``Seam.people`` has them.
    :param fix: correct what differs, and rebuild the table of people from the sealed addresses.
    :returns: how many counts were compared, and those that differed.
    """
    compared, drifts = 0, []
    of_rows, beside = Counter[Key](), Counter[int]()
    for recounted in recounts:
        of_rows.update(recounted(session, section))
    for counted_people in people:
        beside.update(counted_people(session, section))
    for edition in session.scalars(select(Edition).where(Edition.section == section.code)).all():
        cases = dict(session.execute(select(Case.id, Case.slug).where(Case.edition_id == edition.id)).all())
        every = _kept(session, section, edition.id)
        whole = {key.type: number for key, number in every.items() if key.case_id == WHOLE_EDITION}
        kept = {key: number for key, number in every.items() if key.case_id in cases}
        real = {key: number for key, number in of_rows.items() if key.case_id in cases}
        changes: dict[Key, int] = {}
        # Of signatures each case has a number, were it nought.
        for key in sorted({*kept, *real, *_unsigned(cases, kept, real)}):
            compared += 1
            before, after = kept.get(key, 0), real.get(key, 0)
            if before != after:
                drifts.append(Drift(edition.year, _name(cases[key.case_id], key), before, after))
                changes[key] = after - before
        known, nameless = _people(session, keyring, section, edition.id, list(cases))
        compared += 1
        counted_there = whole.get(PEOPLE, 0)
        real_people = len(known) + nameless + whole.get(PEOPLE_ERASED, 0) + beside[edition.id]
        if counted_there != real_people:
            drifts.append(Drift(edition.year, "(people)", counted_there, real_people))
            changes[Key(WHOLE_EDITION, PEOPLE)] = real_people - counted_there
        if fix:
            add_all(session, section, edition.id, changes)
            _rebuild_people(session, section, edition.id, known)
    return compared, drifts


def _kept(session: Session, section: Section, edition_id: int) -> dict[Key, int]:
    """What is kept of an edition."""
    columns = (TallySlot.case_id, TallySlot.action_type, TallySlot.source, TallySlot.status, TallySlot.day)
    rows = session.execute(
        select(*columns, func.sum(TallySlot.count))
        .where(TallySlot.edition_id == edition_id, TallySlot.section == section.code)
        .group_by(*columns)
    )
    return {Key(*row[:-1]): int(row[-1]) for row in rows}


def _unsigned(cases: Iterable[int], *found: Iterable[Key]) -> set[Key]:
    signed = {key.case_id for keys in found for key in keys if key.type == SIGNATURE}
    return {Key(case_id, SIGNATURE) for case_id in cases if case_id not in signed}


def _name(slug: str, key: Key) -> str:
    """A case, and what tells the count from its usual one, of signatures."""
    usual = Key(key.case_id, SIGNATURE)
    more = [str(value) for value, common in zip(key[1:], usual[1:], strict=True) if value != common]
    return f"{slug} ({', '.join(more)})" if more else slug


def _people(
    session: Session, keyring: Keyring, section: Section, edition_id: int, case_ids: Sequence[int]
) -> tuple[set[bytes], int]:
    people: set[bytes] = set()
    nameless = 0
    scope = person_scope(section, edition_id)
    named = (Signature.case_id.in_(case_ids), Signature.let_go_at.is_(None), *counted())
    for (sealed,) in session.execute(select(Signature.person).where(*named)).yield_per(1000):
        email = keyring.open_json(sealed).get("email") if sealed else None
        if email:
            people.add(keyring.blind(scope, parse_address(email, test_environment=True).canonical))
        else:
            nameless += 1
    return people, nameless


def _rebuild_people(session: Session, section: Section, edition_id: int, people: set[bytes]) -> None:
    have = set(session.scalars(select(EditionPerson.person_index).where(EditionPerson.edition_id == edition_id)))
    for index in have - people:
        session.execute(
            delete(EditionPerson).where(EditionPerson.edition_id == edition_id, EditionPerson.person_index == index)
        )
    insert_people(session, section, edition_id, people - have)
