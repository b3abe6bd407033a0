"""The mails to who writes a message: one that proves the mailbox, and one kind word where the desk does not pass it on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Case, Message
from ...seam import Ask, MailKind, one_by_one
from ...sections import Section
from ..campaign.catalogue import cases_by_id
from ..campaign.views import Lens
from ..mail import caps, outbox
from ..people import tokens
from ..storage.unit_of_work import UnitOfWork
from . import standing
from .refusals import told
from .rules import why_not
from .written import Written

CONFIRM, REFUSED = "message_confirm", "message_refused"
#: A refusal can be taken back for so long before its writer hears of it.
GRACE = timedelta(minutes=15)
#: A link that ends sooner than this is not worth sending; a new one is made.
_WORTH_SENDING = timedelta(days=1)


def confirm_values(
    keyring: Keyring,
    section: Section,
    written: Written,
    case_ids: Sequence[int],
    *,
    secret: bytes,
    day: date,
    now: datetime,
) -> dict[str, Any]:
    """The outbox row of the mail that asks for the proof of an address: one for all that waits there.

    :param secret: the day's, which keys the count of mails an address gets.
    """
    assert written.address is not None
    return asking(
        keyring,
        section,
        written.address.typed,
        written.address.canonical,
        written.locale,
        case_ids,
        secret=secret,
        day=day,
        now=now,
    )


def asking(
    keyring: Keyring,
    section: Section,
    typed: str,
    canonical: str,
    locale: str,
    case_ids: Sequence[int],
    *,
    secret: bytes,
    day: date,
    now: datetime,
) -> dict[str, Any]:
    """The same for an address alone."""
    return outbox.outbox_values(
        keyring, section, CONFIRM, locale, typed, {"cases": list(case_ids)}, now=now,
        cap_index=caps.cap_index(secret, section, canonical), cap_day=day,
        dedupe=keyring.blind("dedupe|message", f"{section.code}|{canonical}"),
    )  # fmt: skip


def _prepare_confirm(
    session: Session, keyring: Keyring, asks: Sequence[Ask], *, now: datetime, token_days: int
) -> list[dict[str, Any] | None]:
    """Which messages the mails are about, and the links they lack; see ``seam.MailKind``."""
    found = [_pending(session, keyring, ask) for ask in asks]
    lacking = [ask for ask, rows in zip(asks, found, strict=True) if rows and _lacks_link(ask, now)]
    for ask, rows in zip(asks, found, strict=True):
        if rows:
            ask.params["messages"] = [[row.id, row.version] for row in rows]
            ask.params["cases"] = list(dict.fromkeys(row.case_id for row in rows))
    wanted = [(ask.section.code, CONFIRM, ask.params["messages"]) for ask in lacking]
    for ask, token in zip(lacking, tokens.issue_all(session, wanted, now=now, days=token_days), strict=True):
        ask.params["until"] = (now + timedelta(days=token_days)).isoformat()
        ask.params["tokens"] = {CONFIRM: token}
    return [_context(ask, now) if rows else None for ask, rows in zip(asks, found, strict=True)]


def _pending(session: Session, keyring: Keyring, ask: Ask) -> list[Message]:
    rows, _ = standing.pending(session, keyring, ask.section, ask.address.canonical)
    # One that was written about already stays as the mail says.
    named = {int(number): int(version) for number, version in ask.params.get("messages", ())}
    return [row for row in rows if not named or named.get(row.id) == row.version]


def _lacks_link(ask: Ask, now: datetime) -> bool:
    until = ask.params.get("until")
    return until is None or datetime.fromisoformat(until) - now < _WORTH_SENDING


def _context(ask: Ask, now: datetime) -> dict[str, Any]:
    left = datetime.fromisoformat(ask.params["until"]) - now
    days = max(1, math.ceil(left / timedelta(days=1)))
    return {"cases": ask.params["cases"], "tokens": ask.params["tokens"], "expires_days": days}


def refuse(
    work_session: Session, keyring: Keyring, section: Section, row: Message, reason: str, *, now: datetime
) -> None:
    """Queue the word to a writer whose message is not passed on, where the reason is one that they can do something about."""
    email = standing.person_of(keyring, row).get("email")
    if not email or told(reason) is None:
        return
    params = {"message": row.id, "version": row.version, "reason": reason, "cases": [row.case_id]}
    values = outbox.outbox_values(
        keyring, section, REFUSED, row.locale, email, params, now=now, cap_index=None, cap_day=None,
        dedupe=keyring.blind("dedupe|message-refused", f"{section.code}|{row.id}"), not_before=now + GRACE,
    )  # fmt: skip
    outbox.enqueue(work_session, values, replace=True)


def _prepare_refused(
    session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int
) -> dict[str, Any] | None:
    """Not where the refusal was taken back, or the case takes none any more so that nobody can write again."""
    found = standing.by_id(session, ask.section, [ask.params["message"]])
    case = session.get(Case, ask.params["cases"][0])
    still = found and found[0].state == "refused" and found[0].version == ask.params["version"]
    if not still or case is None or case.status == "withdrawn":
        return None
    return {"cases": ask.params["cases"], "reason": ask.params["reason"]}


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """The cases that a mail is about, in its reader's language, and why not; see ``seam.MailKind``."""
    found = cases_by_id(session, lens, context.get("cases", ()))
    open_ones = [case for case in found if case.takes_actions and why_not(case, lens.section) is None]
    again = lens.link("solidarity", slug=open_ones[0].slug) if open_ones else None
    return {"cases": found, "reason": told(str(context.get("reason", ""))), "write_url": again}, ()


def resend(work: UnitOfWork, section: Section, rows: Sequence[Message], *, secret: bytes, now: datetime) -> None:
    """A new link for what waits, to the address that it was written with, within its cap."""
    keyring = work.state.keyring
    canonical, email = standing.address_of(keyring, rows), standing.person_of(keyring, rows[0]).get("email", "")
    values = asking(
        keyring,
        section,
        email,
        canonical,
        rows[0].locale,
        [row.case_id for row in rows],
        secret=secret,
        day=now.date(),
        now=now,
    )
    outbox.enqueue(work.session, values, replace=True)


MAILS = (
    MailKind(
        CONFIRM, _prepare_confirm, look_up, words=lazy_gettext("About messages you wrote"), capped=True,
        about_cases=True, apart=lambda ask: timedelta(hours=1),
    ),
    MailKind(
        REFUSED, one_by_one(_prepare_refused), look_up, words=lazy_gettext("About messages you wrote"), about_cases=True
    ),
)  # fmt: skip
