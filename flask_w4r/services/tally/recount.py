"""The rows themselves, counted, beside what is kept of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Edition, EditionPerson, Signature
from ...sections import Section
from ..people.addresses import parse_address
from .counts import COUNTED, PEOPLE, SIGNATURE, WHOLE_EDITION, add, counted, insert_people, person_scope
from .totals import counts


@dataclass(frozen=True)
class Drift:
    """A count that is not what the rows say. ``case`` is a slug (with the type, where it is no signature), or ``(people)``."""

    edition: str
    case: str
    kept: int
    counted: int


def recount(
    session: Session,
    keyring: Keyring,
    section: Section,
    recounts: Iterable[Callable[..., Mapping[int, Mapping[Any, int]]]],
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
    of_rows: dict[int, dict[tuple[str, str], int]] = {}
    beside = Counter[int]()
    for counted_people in people:
        beside.update(counted_people(session, section))
    for recounted in recounts:
        for case_id, numbers in recounted(session, section).items():
            of_case = of_rows.setdefault(case_id, {})
            for kind, number in numbers.items():
                key = (kind, COUNTED) if isinstance(kind, str) else kind
                of_case[key] = of_case.get(key, 0) + number
    for edition in session.scalars(select(Edition).where(Edition.section == section.code)).all():
        kept = counts(session, section, edition.id, edition.updated_at)
        cases = session.scalars(select(Case).where(Case.edition_id == edition.id)).all()
        ids = [case.id for case in cases]
        for case in cases:
            have = {
                (kind, source): number
                for kind, numbers in kept.sources.get(case.id, {}).items()
                for source, number in numbers.items()
            }
            real = of_rows.get(case.id, {})
            for kind, source in {(SIGNATURE, COUNTED): 0, **have, **real}:
                compared += 1
                before, after = have.get((kind, source), 0), real.get((kind, source), 0)
                if before == after:
                    continue
                what = kind if source == COUNTED else f"{kind}, {source}"
                name = case.slug if kind == SIGNATURE else f"{case.slug} ({what})"
                drifts.append(Drift(edition.year, name, before, after))
                if fix:
                    add(session, section, edition.id, case.id, kind, after - before, source)
        known, nameless = _people(session, keyring, section, edition.id, ids)
        compared += 1
        real_people = len(known) + nameless + kept.erased + beside[edition.id]
        if kept.people != real_people:
            drifts.append(Drift(edition.year, "(people)", kept.people, real_people))
            if fix:
                add(session, section, edition.id, WHOLE_EDITION, PEOPLE, real_people - kept.people)
        if fix:
            _rebuild_people(session, section, edition.id, known)
    return compared, drifts


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
