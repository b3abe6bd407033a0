"""What is held of somebody who reports what was done; see ``seam.Holds``. Numbers that count stay: they are nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ...action_types import type_words
from ...i18n import gettext, lazy_gettext, long_date, number
from ...keyring import Keyring
from ...models import Case, Event, Report
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from .counting import counted
from .standing import of_address

#: What is let go of a report that stays as numbers.
PERSONAL = {"note": None, "person": None, "email_index": None, "digest": None}
STATES: Mapping[str, Any] = {
    "unconfirmed": lazy_gettext("Waiting for you to confirm your email address"),
    "submitted": lazy_gettext("With our team"),
    "approved": lazy_gettext("Counted"),
    "rejected": lazy_gettext("Not counted"),
    "replaced": lazy_gettext("Corrected by a later report"),
    "reversed": lazy_gettext("Not counted any more"),
}


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The reports of an address."""
    return [_held(session, keyring, lens.section, row) for row in of_address(session, keyring, lens.section, canonical)]


def _held(session: Session, keyring: Keyring, section: Section, row: Report) -> Held:
    event = session.get(Event, row.event_id) if row.event_id else None
    person, note = keyring.open_json(row.person or ""), keyring.open(row.note) if row.note else ""
    title = event.title if event else row.place or gettext("Your report")
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("Reported on"), long_date(row.created_at)),
        *_numbers(session, section, row),
        (gettext("Number of people"), number(row.people)),
        (gettext("Day"), long_date(row.on_date) if row.on_date else ""),
        (gettext("Where"), row.place or ""),
        (gettext("Name"), person.get("name", "")),
        (gettext("Email address"), person.get("email", "")),
        (gettext("What you wrote"), note),
    ]
    data = {
        "event": event.slug if event else None, "state": row.state, "people": row.people, "counts": row.counts,
        "on": row.on_date.isoformat() if row.on_date else None, "place": row.place, "note": note or None,
        "name": person.get("name"), "email": person.get("email"), "reported_at": row.created_at.isoformat(),
    }  # fmt: skip
    return Held(_key(row), title, [pair for pair in facts if pair[1]], data)


def _numbers(session: Session, section: Section, row: Report) -> list[tuple[str, str]]:
    """What was done, case by case. Nothing names a case that was withdrawn."""
    numbers = counted(row)
    named = select(Case.id, Case.name).where(Case.section == row.section, Case.id.in_(numbers))
    return [
        (name, " · ".join(f"{type_words(section, kind)}: {number(count)}" for kind, count in numbers[case_id].items()))
        for case_id, name in session.execute(
            named.where(Case.status != "withdrawn").order_by(Case.position, Case.name)
        ).all()
    ]


def _key(row: Report) -> str:
    return f"report-{row.created_at:%Y%m%d%H%M%S%f}"


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Who reported goes. What nobody confirmed goes as a whole, and what waits for the desk with it."""
    found = of_address(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for row in found if before is None or row.created_at <= before]
    gone = [row.id for row in mine if row.state in ("unconfirmed", "submitted")]
    rest = [row.id for row in mine if row.id not in gone]
    if gone:
        execute(work.session, delete(Report).where(Report.id.in_(gone)))
    if rest:
        execute(work.session, update(Report).where(Report.id.in_(rest)).values(**PERSONAL))
    return len(mine)


REPORTS = Holds(
    "reports",
    lazy_gettext("What you reported"),
    show,
    erase,
    addresses=owners.addresses(Report, Report.person, "email"),
)
