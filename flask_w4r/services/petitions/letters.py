"""The mails about signatures: are they still wanted, and what do they link to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Signature
from ...seam import Ask, MailKind
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..mail import outbox
from ..mail.letters import Letter
from ..people import tokens
from ..people.addresses import parse_address
from ..tally.counts import signature_scope
from .reindex import name_scope

REMINDER_AFTER = timedelta(hours=24)
#: A link that ends sooner than this is not worth sending; a new one is made.
_WORTH_SENDING = timedelta(days=1)
#: Signatures asked for in one statement: databases take so many parameters, and no more.
_AT_ONCE = 1000


def prepare(
    session: Session, keyring: Keyring, asks: Sequence[Ask], *, now: datetime, token_days: int
) -> list[dict[str, Any] | None]:
    """Work out which signatures mails are still about, and make the links they lacked; see ``seam.MailKind``."""
    found = _signatures(session, keyring, asks)
    asked: list[tuple[Ask, str]] = []
    for ask, rows in zip(asks, found, strict=True):
        if not rows:
            continue
        ask.params["signatures"] = [[row.id, row.version] for row in rows]
        ask.params["cases"] = list(dict.fromkeys(row.case_id for row in rows))
        until = _until(ask)
        if until is None or until - now < _WORTH_SENDING:
            ask.params["until"] = (now + timedelta(days=token_days)).isoformat()
            ask.params["tokens"] = {}
            asked += [(ask, purpose) for purpose in _purposes(ask)]
    wanted = [(ask.section.code, purpose, ask.params["signatures"]) for ask, purpose in asked]
    made = tokens.issue_all(session, wanted, now=now, days=token_days)
    for (ask, purpose), token in zip(asked, made, strict=True):
        ask.params["tokens"][purpose] = token
    return [_context(ask, now) if rows else None for ask, rows in zip(asks, found, strict=True)]


def _purposes(ask: Ask) -> tuple[str, ...]:
    return ("not_me",) if ask.kind == "already_signed" else ("confirm", "not_me")


def _until(ask: Ask) -> datetime | None:
    return datetime.fromisoformat(ask.params["until"]) if "until" in ask.params else None


def _context(ask: Ask, now: datetime) -> dict[str, Any]:
    until = _until(ask) or now
    days = max(1, math.ceil((until - now) / timedelta(days=1)))
    return {**{key: ask.params[key] for key in ("cases", "tokens") if key in ask.params}, "expires_days": days}


def _signatures(session: Session, keyring: Keyring, asks: Sequence[Ask]) -> list[list[Any]]:
    """The signatures each mail is about that still stand as it says: id, version, case id, in the cases' order.

    Those that were found before are asked for by their numbers, others by the address: one link confirms all that waits
    for it in the section, whichever press brought the mail about.
    """
    cases = _active_cases(session, {ask.section.code for ask in asks if _state(ask) == "pending"})
    places: list[dict[Any, Any]] = []
    for ask in asks:
        if "signatures" in ask.params:
            places.append({int(number): int(version) for number, version in ask.params["signatures"]})
        else:
            among = cases[ask.section.code] if _state(ask) == "pending" else ask.params["cases"]
            places.append(
                {
                    index: case
                    for case in among
                    for index in keyring.blinds(signature_scope(ask.section, case), ask.address.canonical)
                }
            )
    ids = {key for place in places for key in place if isinstance(key, int)}
    emails = {key for place in places for key in place if isinstance(key, bytes)}
    rows: dict[Any, list[Any]] = defaultdict(list)
    for row in _rows(session, Signature.id, ids):
        rows[row.id].append(row)
    among = {case_id for place in places for key, case_id in place.items() if isinstance(key, bytes)}
    # The index begins with the case.
    for row in _rows(session, Signature.email_index, emails, Signature.case_id.in_(among)):
        rows[bytes(row.email_index)].append(row)
    return [
        sorted(
            (row for key in place for row in rows[key] if _is_meant(keyring, ask, row, key, place[key])),
            key=lambda row: (row.position, row.id),
        )
        for ask, place in zip(asks, places, strict=True)
    ]


def _state(ask: Ask) -> str:
    return "confirmed" if ask.kind == "already_signed" else "pending"


def _active_cases(session: Session, codes: Collection[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for code, case_id in session.execute(
        select(Case.section, Case.id).where(Case.section.in_(codes), Case.status == "active")
    ):
        found[code].append(case_id)
    return found


def _rows(session: Session, column: Any, some: Collection[Any], *among: Any) -> Iterator[Any]:
    query = select(
        Signature.id, Signature.version, Signature.case_id, Signature.email_index, Signature.name_index, Signature.state,
        Signature.section, Case.status, Case.position,
    ).join(Case, Case.id == Signature.case_id)  # fmt: skip
    listed = sorted(some)
    for start in range(0, len(listed), _AT_ONCE):
        yield from session.execute(query.where(column.in_(listed[start : start + _AT_ONCE]), *among))


def _is_meant(keyring: Keyring, ask: Ask, row: Any, key: Any, told: int) -> bool:
    state = _state(ask)
    if row.section != ask.section.code or row.state != state:
        return False
    if row.status != "active" if state == "pending" else row.status == "withdrawn":
        return False
    if isinstance(key, int):
        return bool(row.version == told)
    name = ask.params.get("name")
    return row.case_id == told and (
        name is None or bytes(row.name_index) in keyring.blinds(name_scope(row.section, row.case_id), name)
    )


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """The cases that a mail is about, in its reader's language; see ``seam.MailKind``."""
    return {"cases": cases_by_id(session, lens, context.get("cases", ()))}, ()


def enqueue_reminders(session: Session, keyring: Keyring, letters: Sequence[Letter], *, now: datetime) -> None:
    """Put the one reminder of each confirmation mail in the outbox: the same links, a day later."""
    rows = [_reminder(keyring, letter, now) for letter in letters if letter.section.confirmation == "email"]
    outbox.enqueue_all(session, rows)


def _reminder(keyring: Keyring, letter: Letter, now: datetime) -> dict[str, Any]:
    section, facts = letter.section, letter.facts
    # One reminder of all that waits: the newest mail names it.
    canonical = parse_address(letter.recipient, test_environment=True).canonical
    return outbox.outbox_values(
        keyring,
        section,
        "reminder",
        facts["locale"],
        letter.recipient,
        letter.params,
        now=now,
        # It is counted when it leaves, and does not wait for the cap, which an answer lifts.
        cap_index=None,
        cap_day=None,
        dedupe=keyring.blind("dedupe|reminder", f"{section.code}|{canonical}|{letter.params.get('name')}"),
        not_before=now + REMINDER_AFTER,
    )


def _shares(context: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(context.get("cases", ()))


def _apart(ask: Ask) -> timedelta | None:
    """Who signs ten cases in an evening and opens no mail has one, and another an hour later with the rest. Two who share a
    mailbox have one each."""
    return None if "name" in ask.params else timedelta(hours=1)


_of = partial(
    MailKind,
    words=lazy_gettext("About your signatures"),
    prepare=prepare,
    look_up=look_up,
    capped=True,
    answered=30,
    about_cases=True,
    shares=_shares,
)
MAILS = (
    _of("confirm", sent=enqueue_reminders, apart=_apart),
    _of("reminder", lapses=True, unasked=True),
    _of("already_signed", lapses=True),
)
