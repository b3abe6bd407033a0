"""What is held of whoever wrote messages; see ``seam.Holds``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...i18n import country_name, gettext, lazy_gettext, long_date
from ...keyring import Keyring
from ...models import ConsentText, Message
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..people import owners
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from ..tally import counts as tally
from . import decisions, standing
from .keep import NOBODY

STATES: Mapping[str, Any] = {
    "pending": lazy_gettext("Waiting for you to confirm your email address"),
    "submitted": lazy_gettext("Waiting to be read"),
    "approved": lazy_gettext("It is passed on"),
    "refused": lazy_gettext("It is not passed on"),
}


def _rows(
    session: Session, keyring: Keyring, section: Section, canonical: str, *, lock: bool = False
) -> tuple[list[Message], dict[int, Any]]:
    # Most sections have none, and most people wrote none: then that is all that is asked.
    there = select(Message.id).where(Message.section == section.code, Message.email_index.is_not(None)).limit(1)
    if session.execute(there).first() is None:
        return [], {}
    cases = standing.cases_of(session, section)
    return standing.of_address(session, keyring, section, canonical, cases, states=tuple(STATES), lock=lock), cases


def _key(case: Any, number: int) -> str:
    return f"{case.year}/{case.slug}" + (f"/{number}" if number else "")


def _named(rows: Sequence[Message], cases: Mapping[int, Any]) -> list[tuple[str, Message]]:
    """Messages with what forms call them: the case, and which of several for it."""
    seen: dict[int, int] = {}
    found = []
    for row in rows:
        number = seen.get(row.case_id, -1) + 1
        seen[row.case_id] = number
        found.append((_key(cases[row.case_id], number), row))
    return found


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """The messages of an address, the newest first."""
    rows, cases = _rows(session, keyring, lens.section, canonical)
    digests = {row.consent_digest for row in rows if row.consent_digest}
    words = dict(
        session.execute(select(ConsentText.digest, ConsentText.text).where(ConsentText.digest.in_(digests))).all()
    )
    texts = {bytes(digest): text for digest, text in words.items()}
    return [_held(keyring, key, row, cases[row.case_id], texts) for key, row in reversed(_named(rows, cases))]


def _held(keyring: Keyring, key: str, row: Message, case: Any, texts: Mapping[bytes, str]) -> Held:
    person, text = standing.person_of(keyring, row), standing.text_of(keyring, row)
    # Nothing names a case that was withdrawn, for the sake of the person at risk.
    withdrawn = case.status == "withdrawn"
    agreed = texts.get(bytes(row.consent_digest), "") if row.consent_digest else ""
    country = person.get("country", "")
    facts = [
        (gettext("Status"), str(STATES[row.state])),
        (gettext("Message"), text),
        (gettext("Name"), person.get("name", "")),
        (gettext("Country"), country_name(country) if country else ""),
        (gettext("Email address"), person.get("email", "")),
        (gettext("Written on"), long_date(row.created_at)),
        (gettext("Confirmed on"), long_date(row.confirmed_at) if row.confirmed_at else ""),
        (gettext("Printed or passed on"), long_date(row.taken_at) if row.taken_at else ""),
        (gettext("May be shown on the case’s page"), gettext("Yes") if row.public else ""),
        (gettext("You agreed to"), agreed),
    ]
    data = {
        "case": None if withdrawn else case.slug, "edition": case.year, "state": row.state, "message": text,
        "name": person.get("name"), "country": country or None, "email": person.get("email"), "locale": row.locale,
        "public": row.public, "shown": row.shown_at is not None, "consent": agreed or None,
        "written_at": _iso(row.created_at), "confirmed_at": _iso(row.confirmed_at),
        "approved_at": _iso(row.approved_at), "taken_at": _iso(row.taken_at),
    }  # fmt: skip
    title = gettext("A case that was withdrawn") if withdrawn else case.name
    ways = ("leave", "withdraw") if row.public else ("leave",)
    return Held(key, title, [pair for pair in facts if pair[1]], data, ways=ways)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Nothing tells any more who wrote what; what counted goes on counting."""
    rows, _ = _rows(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for row in rows if before is None or row.created_at <= before]
    _wipe(work, mine)
    return len(mine)


def _wipe(work: UnitOfWork, rows: Sequence[Message], **more: Any) -> None:
    ids = [row.id for row in rows]
    if not ids:
        return
    blank = {**NOBODY, "state": "erased", "version": Message.version + 1, "updated_at": work.state.clock(), **more}
    execute(work.session, update(Message).where(Message.id.in_(ids)).values(**blank))
    work.session.expire_all()


def act(work: UnitOfWork, section: Section, canonical: str, way: str, key: str, values: Mapping[str, str]) -> bool:
    """Take one message back, or no longer let it be shown."""
    rows, cases = _rows(work.session, work.state.keyring, section, canonical, lock=True)
    mine = [row for name, row in _named(rows, cases) if name == key]
    for row in mine:
        if way == "withdraw":
            row.public, row.shown_at, row.updated_at = False, None, work.state.clock()
            row.version += 1
        elif way == "leave":
            counted = {decisions.key_of(section, row): -1} if row.approved_at is not None else {}
            _wipe(work, [row], approved_at=None)
            tally.change(work.session, section, counted)
    work.session.flush()
    return bool(mine) and way in ("leave", "withdraw")


MESSAGES = Holds(
    "messages", lazy_gettext("Words of support you wrote"), show, erase, act,
    owners.addresses(Message, Message.person, "email"),
)  # fmt: skip
