"""What is held of a teacher; see ``seam.Holds``. Numbers stay, and so does the school: it is no person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date
from ...keyring import Keyring
from ...models import School, SchoolClass
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from .standing import of_address, teacher_of

STATES: Mapping[str, Any] = {
    "unconfirmed": lazy_gettext("Waiting for you to confirm your email address"),
    "submitted": lazy_gettext("With our team"),
    "approved": lazy_gettext("Takes part"),
    "rejected": lazy_gettext("Does not take part"),
}


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The schools of an address."""
    return [_held(keyring, row) for row in of_address(session, keyring, lens.section, canonical)]


def _held(keyring: Keyring, row: School) -> Held:
    person = teacher_of(keyring, row)
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("Entered on"), long_date(row.created_at)),
        (gettext("Name"), str(person.get("name", ""))),
        (gettext("Email address"), str(person.get("email", ""))),
    ]
    data = {
        "school": row.name, "town": row.town, "country": row.country, "size": row.size, "state": row.state,
        "name": person.get("name"), "email": person.get("email"), "entered_at": row.created_at.isoformat(),
    }  # fmt: skip
    return Held(f"school-{row.created_at:%Y%m%d%H%M%S%f}", f"{row.name}, {row.town}", facts, data)


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """The teacher goes. A school that was never let in goes as a whole; of another the link holds on, so that names of pupils can
    still be erased by it, and its classes, whose numbers count."""
    found = of_address(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for row in found if before is None or row.created_at <= before]
    ids = [row.id for row in mine]
    if not ids:
        return 0
    # One that was let in once, and is not any more, has classes too.
    taught = set(work.session.scalars(select(SchoolClass.school_id).where(SchoolClass.school_id.in_(ids))))
    rest = [row.id for row in mine if row.state == "approved" or row.id in taught]
    gone = [number for number in ids if number not in rest]
    if gone:
        execute(work.session, delete(School).where(School.id.in_(gone)))
    if rest:
        execute(work.session, update(School).where(School.id.in_(rest)).values(person=None, email_index=None))
    return len(mine)


SCHOOLS = Holds(
    "schools",
    lazy_gettext("Your school"),
    show,
    erase,
    addresses=owners.addresses(School, School.person, "email"),
)
