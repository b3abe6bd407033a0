"""What is held of somebody's emails to those in power; see ``seam.Holds``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date
from ...keyring import Keyring
from ...models import Case, Edition, TargetEmail
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..people.names import full_name
from ..storage.unit_of_work import UnitOfWork
from .rows import of_address, wipe

STATES: Mapping[str, Any] = {
    "pending": lazy_gettext("Waiting for you to confirm your email address"),
    "confirmed": lazy_gettext("Waiting to be sent"),
    "sent": lazy_gettext("Sent"),
    "refused": lazy_gettext("Not sent: it did not pass our check"),
    "cancelled": lazy_gettext("Not sent"),
    "erased": lazy_gettext("Erased"),
}


def _places(session: Session, section: Section) -> Mapping[int, Any]:
    query = select(Case.id, Case.slug, Case.name, Case.status, Edition.year)
    query = query.join(Edition, Edition.id == Case.edition_id).where(Case.section == section.code)
    return {row.id: row for row in session.execute(query)}


def _key(place: Any, row: TargetEmail) -> str:
    return f"{place.year}/{place.slug}/{row.target_key[:8]}"


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The emails of an address, the newest first."""
    places = _places(session, lens.section)
    found = of_address(session, keyring, lens.section, canonical)
    return [_held(keyring, places[row.case_id], row) for row in reversed(found)]


def _held(keyring: Keyring, place: Any, row: TargetEmail) -> Held:
    person = keyring.open_json(row.person) if row.person else {}
    words = keyring.open_json(row.words) if row.words else {}
    # Nothing names a case that was withdrawn, for the sake of the person at risk.
    withdrawn = place.status == "withdrawn"
    shown = {} if withdrawn else words
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("To"), shown.get("target", "")),
        (gettext("Subject line"), shown.get("subject", "")),
        (gettext("Text"), shown.get("body", "")),
        (gettext("Name"), full_name(person)),
        (gettext("Email address"), person.get("email", "")),
        (gettext("Written on"), long_date(row.created_at)),
        (gettext("Sent on"), long_date(row.sent_at) if row.sent_at else ""),
    ]
    data = {
        "case": None if withdrawn else place.slug, "edition": place.year, "state": row.state,
        "to": shown.get("target"), "subject": shown.get("subject"), "text": shown.get("body"),
        "name": full_name(person), "email": person.get("email"), "locale": row.locale,
        "written_at": row.created_at.isoformat(), "confirmed_at": _iso(row.confirmed_at), "sent_at": _iso(row.sent_at),
    }  # fmt: skip
    title = gettext("A case that was withdrawn") if withdrawn else place.name
    return Held(
        _key(place, row), title, [pair for pair in facts if pair[1]], data, ways=("leave",) if row.person else ()
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Nothing tells any more who wrote; what waited does not leave, and what left goes on counting."""
    found = of_address(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for row in found if before is None or row.created_at <= before]
    wipe(mine, "erased", now=work.state.clock())
    work.session.flush()
    return len(mine)


def act(work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]) -> bool:
    """Leave one: it does not leave any more, or, where it left, nothing is kept of it but that it counts."""
    if way != "leave":
        return False
    places = _places(work.session, section)
    found: Sequence[TargetEmail] = of_address(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for row in found if row.person and _key(places[row.case_id], row) == key]
    wipe(mine, "erased", now=work.state.clock())
    work.session.flush()
    return bool(mine)


EMAILS = Holds(
    "emails", lazy_gettext("Emails to those in power"), show, erase, act,
    owners.addresses(TargetEmail, TargetEmail.person, "email"),
)  # fmt: skip
