"""A teacher's page: opened by a link, with classes that have links of their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, TokenInvalid
from ...keyring import Keyring
from ...models import School, SchoolClass
from ...sections import Section
from ..campaign import catalogue
from ..campaign.codes import ALPHABET
from ..campaign.views import CaseView, EditionView, Lens
from ..people import tokens
from .mails import PURPOSE

#: Characters of a class's code, in groups of four: 60 bits, and short enough to be typed from a board.
CODE_LENGTH = 12
#: Classes of one school.
MOST_CLASSES = 100
_READ = {**{char: char for char in ALPHABET}, "I": "1", "L": "1", "O": "0"}


@dataclass(frozen=True)
class ClassView:
    """A class as pages show it.

    :param label: what its teacher calls it.
    :param counts: actions by case.
    """

    id: int
    school_id: int
    label: str
    code: str
    size: int
    people: int
    counts: Mapping[int, int]
    is_ended: bool

    @property
    def actions(self) -> int:
        """What its pupils did, in all."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """How many can still be counted."""
        return max(self.size - self.people, 0)


@dataclass(frozen=True)
class ClassPage:
    """What the link of a class opens.

    :param status: ``open``; ``before`` or ``over`` for what the edition is; ``ended`` by the teacher or the desk; ``off``
        where the section has no such links.
    """

    status: str
    view: ClassView
    school: School
    edition: EditionView
    cases: Sequence[CaseView]


def class_scope(code: str) -> str:
    """The scope of the codes of a section's classes."""
    return f"class|{code}"


def plain(code: str) -> str:
    """A code as its index knows it, however it was typed; empty where it is none."""
    found = [_READ.get(char, "") for char in code[:60].upper() if char.isalnum()]
    return "".join(found) if all(found) and len(found) == CODE_LENGTH else ""


def shown(code: str) -> str:
    """A code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def look(session: Session, section: Section, raw: str, *, now: datetime) -> tuple[str, School | None]:
    """What a teacher's link opens; nothing is changed.

    :returns: ``open`` with the school, ``expired`` or ``ended``.
    :raises TokenInvalid: it is none of ours.
    """
    token = tokens.find(session, section.code, PURPOSE, raw, now=now)
    if token.expired:
        return "expired", None
    if token.revoked:
        return "ended", None
    number, version = token.payload
    found = taught(session, section, number, version)
    return ("open", found) if found else ("ended", None)


def taught(session: Session, section: Section, school_id: int, version: int) -> School | None:
    """The school of a teacher who came by a link of that version, while it is in."""
    return session.scalars(
        select(School).where(
            School.id == school_id, School.section == section.code, School.link_version == version,
            School.state == "approved",
        )
    ).first()  # fmt: skip


def edition_of(session: Session, lens: Lens, school: School) -> EditionView:
    """The edition that a school takes part in.

    :raises NotFound: it is gone.
    """
    found = next((one for one in catalogue.editions(session, lens) if one.id == school.edition_id), None)
    if found is None:
        raise NotFound("edition")
    return found


def chosen(session: Session, lens: Lens, school: School) -> list[CaseView]:
    """The cases that the teacher chose, closed ones too; all of the edition where none was chosen."""
    every = catalogue.cases_of(session, lens, edition_of(session, lens, school))
    return [case for case in every if case.id in school.cases] if school.cases else every


def cases_of(session: Session, lens: Lens, school: School) -> list[CaseView]:
    """Those of them that take actions."""
    return [case for case in chosen(session, lens, school) if case.takes_actions]


def of_school(session: Session, keyring: Keyring, school_id: int) -> list[ClassView]:
    """The classes of a school, in the order they were made."""
    rows = session.scalars(select(SchoolClass).where(SchoolClass.school_id == school_id).order_by(SchoolClass.id))
    return [_view(keyring, row) for row in rows]


def _view(keyring: Keyring, row: SchoolClass) -> ClassView:
    secret: dict[str, Any] = keyring.open_json(row.secret)
    counts = {int(number): sum(days.values()) for number, days in row.counts.items()}
    return ClassView(
        row.id, row.school_id, secret["label"], shown(secret["code"]), row.size, row.people, counts,
        row.ended_at is not None,
    )  # fmt: skip


def free(classes: Sequence[Any], size: int) -> int:
    """How many pupils of a school have no class yet: a class that has ended holds those alone who were counted."""
    taken: int = sum(one.people if one.is_ended else one.size for one in classes)
    return max(size - taken, 0)


def make(
    session: Session, keyring: Keyring, section: Section, school_id: int, label: str, size: int, *, now: datetime
) -> str:
    """Make a class with a link of its own.

    :param size: how many pupils it has: no more are counted.
    :returns: ``made``; ``too_many`` where the school is smaller than its classes; ``gone``; ``off`` where the section has no
        links of classes.
    """
    if section.class_mode == "off":
        return "off"
    school = session.scalars(
        select(School)
        .where(School.id == school_id, School.section == section.code, School.state == "approved")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if school is None:
        return "gone"
    there = of_school(session, keyring, school.id)
    if len(there) >= MOST_CLASSES or not 1 <= size <= free(there, school.size):
        return "too_many"
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    session.add(
        SchoolClass(
            section=section.code, school_id=school.id, secret=keyring.seal_json({"label": label, "code": code}),
            code_index=keyring.blind(class_scope(section.code), code), size=size, people=0, counts={}, created_at=now,
            updated_at=now,
        )
    )  # fmt: skip
    session.flush()
    return "made"


def end(session: Session, section: Section, school_id: int, class_id: int, *, now: datetime) -> str:
    """End the link of a class. What was counted stays.

    :returns: ``ended`` or ``gone``.
    """
    row = session.scalars(
        select(SchoolClass)
        .where(SchoolClass.id == class_id, SchoolClass.school_id == school_id, SchoolClass.section == section.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        return "gone"
    row.ended_at = row.ended_at or now
    row.updated_at = now
    session.flush()
    return "ended"


def by_code(session: Session, keyring: Keyring, lens: Lens, code: str) -> ClassPage:
    """What the link of a class opens.

    :raises TokenInvalid: there is no class of that code.
    """
    section, known = lens.section, plain(code)
    row = session.scalars(
        select(SchoolClass).where(
            SchoolClass.section == section.code,
            SchoolClass.code_index.in_(keyring.blinds(class_scope(section.code), known)),
        )
    ).first() if known else None  # fmt: skip
    school = session.get(School, row.school_id) if row else None
    if row is None or school is None:
        raise TokenInvalid("no such class")
    edition = edition_of(session, lens, school)
    return ClassPage(
        _status(section, row, school, edition), _view(keyring, row), school, edition, cases_of(session, lens, school)
    )


def _status(section: Section, row: SchoolClass, school: School, edition: EditionView) -> str:
    if section.class_mode == "off":
        return "off"
    if row.ended_at is not None or school.state != "approved":
        return "ended"
    return {"before": "before", "running": "open"}.get(edition.phase, "over")
