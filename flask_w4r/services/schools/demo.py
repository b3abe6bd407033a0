"""A made-up school for a demonstration: its name says that it is not real, and so does the first name of each of its pupils."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import gettext, use_locale
from ...keyring import Keyring
from ...models import Case, Edition, School
from ...sections import Section
from ..campaign.catalogue import find_current
from ..people import tokens
from ..people.addresses import parse_address
from . import classes, mails, pupils
from .standing import of_address, teacher_scope

#: An address of nobody.
_TEACHER = "demo-teacher@example.org"
#: Classes: what they are called, how many pupils they have, and how many of them wrote.
_CLASSES = (("7a", 28, 19), ("8b", 24, 6))
_CASES = 3


@dataclass(frozen=True)
class DemoSchool:
    """What opens its pages.

    :param token: of the teacher's link.
    :param codes: of its classes, by what they are called.
    """

    name: str
    token: str
    codes: dict[str, str]


def seed(session: Session, keyring: Keyring, section: Section, *, now: datetime) -> DemoSchool | None:
    """Make the section's demonstration school, with classes of which some pupils wrote, where it is not there; and a new link to its
    teacher's page.

    :returns: ``None`` where no demonstration runs.
    """
    editions = session.scalars(select(Edition).where(Edition.section == section.code)).all()
    edition = find_current(editions, section, now)
    if edition is None or not edition.is_demo:
        return None
    address = parse_address(_TEACHER, test_environment=True)
    there = of_address(session, keyring, section, address.canonical, state="approved")
    row = next((one for one in there if one.edition_id == edition.id), None)
    if row is None:
        row = _make(session, keyring, section, edition, now)
    token = tokens.issue(
        session, section.code, mails.PURPOSE, [row.id, row.link_version], now=now, days=mails.link_days(session, row, now)
    )  # fmt: skip
    made = classes.of_school(session, keyring, row.id)
    return DemoSchool(row.name, token, {one.label: one.code for one in made})


def _make(session: Session, keyring: Keyring, section: Section, edition: Edition, now: datetime) -> School:
    with use_locale(section.default_locale):
        name, town = gettext("Demo school (not real)"), gettext("Demo town (not real)")
    query = select(Case.id).where(Case.edition_id == edition.id, Case.status == "active").order_by(Case.position)
    cases = list(session.scalars(query.limit(_CASES)))
    address = parse_address(_TEACHER, test_environment=True)
    row = School(
        section=section.code, edition_id=edition.id, state="approved", name=name, town=town, country=section.country,
        size=sum(size for _, size, _ in _CLASSES), cases=cases, locale=section.default_locale,
        person=keyring.seal_json({"name": "Demo", "email": _TEACHER}),
        email_index=keyring.blind(teacher_scope(section.code), address.canonical), reasons=[], created_at=now,
        updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    for label, size, _ in _CLASSES:
        classes.make(session, keyring, section, row.id, label, size, now=now)
    for one, (label, _, wrote) in zip(classes.of_school(session, keyring, row.id), _CLASSES, strict=False):
        for number in range(wrote):
            # Each for one case, in turn; every fifth for two.
            wanted = [cases[(number + step) % len(cases)] for step in range(1 + (number % 5 == 4))] if cases else []
            pupils.count(
                session, keyring, section, one.id, wanted, ("Demo", 13 + number % 4), press=f"demo {label} {number}", now=now
            )  # fmt: skip
    return row
