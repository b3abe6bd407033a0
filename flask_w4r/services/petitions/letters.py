"""The mails about signatures: are they still wanted, and what do they link to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, Signature
from ...seam import MailKind
from ...sections import Section
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..mail import outbox
from ..mail.letters import Letter
from ..people import tokens
from ..people.addresses import Address, parse_address
from ..tally.counts import signature_scope

REMINDER_AFTER = timedelta(hours=24)
#: A link that ends sooner than this is not worth sending; a new one is made.
_WORTH_SENDING = timedelta(days=1)


def prepare(
    session: Session,
    keyring: Keyring,
    section: Section,
    kind: str,
    params: dict[str, Any],
    address: Address,
    *,
    now: datetime,
    token_days: int,
) -> dict[str, Any] | None:
    """Work out which signatures a mail is still about, and make the links it lacks; see ``seam.MailKind``."""
    known = kind == "already_signed"
    found = _signatures(session, keyring, section, params, address, "confirmed" if known else "pending")
    if not found:
        return None
    params["signatures"] = [[number, version] for number, version, _ in found]
    params["cases"] = list(dict.fromkeys(case_id for _, _, case_id in found))
    until = datetime.fromisoformat(params["until"]) if "until" in params else None
    if until is None or until - now < _WORTH_SENDING:
        until = now + timedelta(days=token_days)
        params["until"] = until.isoformat()
        params["tokens"] = {
            purpose: tokens.issue(session, section.code, purpose, params["signatures"], now=now, days=token_days)
            for purpose in (("not_me",) if known else ("confirm", "not_me"))
        }
    days = max(1, math.ceil((until - now) / timedelta(days=1)))
    return {**{key: params[key] for key in ("cases", "tokens") if key in params}, "expires_days": days}


def _signatures(
    session: Session, keyring: Keyring, section: Section, params: Mapping[str, Any], address: Address, state: str
) -> list[tuple[int, int, int]]:
    """The signatures a mail is about that still stand as it says: id, version, case id."""
    query = (
        select(Signature.id, Signature.version, Signature.case_id, Signature.email_index, Signature.name_index)
        .join(Case, Case.id == Signature.case_id)
        .where(Signature.section == section.code, Signature.state == state)
        .where(Case.status == "active" if state == "pending" else Case.status != "withdrawn")
        .order_by(Case.position, Signature.id)
    )
    if "signatures" in params:
        versions = {int(number): int(version) for number, version in params["signatures"]}
        rows = session.execute(query.where(Signature.id.in_(versions)))
        return [(row.id, row.version, row.case_id) for row in rows if row.version == versions[row.id]]
    cases: Sequence[int] = params["cases"]
    if state == "pending":
        # One link confirms all that waits for the address in the section, whichever press brought the mail about.
        cases = session.scalars(select(Case.id).where(Case.section == section.code, Case.status == "active")).all()
    emails = {case: keyring.blind(signature_scope(section, case), address.canonical) for case in cases}
    rows = session.execute(query.where(Signature.case_id.in_(emails), Signature.email_index.in_(list(emails.values()))))
    name = params.get("name")
    return [
        (row.id, row.version, row.case_id)
        for row in rows
        if name is None or row.name_index == keyring.blind(f"name|{section.code}|{row.case_id}", name)
    ]


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """The cases that a mail is about, in its reader's language; see ``seam.MailKind``."""
    return {"cases": cases_by_id(session, lens, context.get("cases", ()))}, ()


def enqueue_reminder(session: Session, keyring: Keyring, letter: Letter, *, now: datetime) -> None:
    """Put the one reminder of a confirmation mail in the outbox: the same links, a day later."""
    section, facts = letter.section, letter.facts
    if section.confirmation != "email":
        return
    # One reminder of all that waits: the newest mail names it.
    canonical = parse_address(letter.recipient, test_environment=True).canonical
    values = outbox.outbox_values(
        keyring,
        section,
        "reminder",
        facts["locale"],
        letter.recipient,
        letter.params,
        now=now,
        cap_index=facts["cap_index"],
        cap_day=facts["cap_day"],
        dedupe=keyring.blind("dedupe|reminder", f"{section.code}|{canonical}|{letter.params.get('name')}"),
        not_before=now + REMINDER_AFTER,
    )
    outbox.enqueue(session, values, replace=True)


MAILS = (
    MailKind("confirm", prepare, look_up, enqueue_reminder, capped=True, about_cases=True),
    MailKind("reminder", prepare, look_up, capped=True, lapses=True, about_cases=True),
    MailKind("already_signed", prepare, look_up, capped=True, lapses=True, about_cases=True),
)
