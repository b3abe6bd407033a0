"""From an outbox row to a letter: is it still wanted, what does it link to, and the message itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any, NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Case, OutboxMail, Signature
from ...sections import Section
from ..hosting import letters as event_letters
from ..people import tokens
from ..people.addresses import Address
from ..tally.counts import signature_scope
from . import outbox

REMINDER_AFTER = timedelta(hours=24)
#: Where no sender is configured, which only debugging and testing allow.
FALLBACK_SENDER = "w4r@localhost"
#: A link that ends sooner than this is not worth sending; a new one is made.
_WORTH_SENDING = timedelta(days=1)
#: Base64 or quoted-printable only: not every relay takes 8-bit text.
_POLICY = SMTP.clone(cte_type="7bit")
_FACTS = (
    "id",
    "section",
    "kind",
    "locale",
    "message_id",
    "cap_index",
    "cap_day",
    "attempts",
    "created_at",
    "not_before",
)


class Words(NamedTuple):
    """What a mail says.

    :param entries: calendar files that go with it: method and content of each.
    """

    subject: str
    text: str
    html: str
    entries: Sequence[tuple[str, bytes]] = ()


class Render(Protocol):
    """Turns a mail into words.

    ``context`` holds ``cases`` (ids) and, where the kind has them, ``tokens`` (by purpose: ``confirm``, ``not_me``)
    and ``expires_days`` (how long they hold); for a mail about an event ``event`` and ``rsvp`` (ids) and ``text``.
    Returns subject, plain text, HTML, as :class:`Words` where there is more.
    """

    def __call__(
        self, kind: str, section: Section, locale: str, context: Mapping[str, Any], /
    ) -> tuple[str, str, str] | Words: ...


@dataclass(frozen=True)
class Letter:
    """One mail, ready to be rendered and handed over outside any transaction."""

    facts: Mapping[str, Any]
    section: Section
    recipient: str
    params: Mapping[str, Any]
    context: Mapping[str, Any]

    @property
    def id(self) -> int:
        """The outbox row."""
        return int(self.facts["id"])


def prepare(
    session: Session,
    keyring: Keyring,
    section: Section,
    row: OutboxMail,
    address: Address,
    *,
    now: datetime,
    token_days: int,
) -> Letter | None:
    """Work out what a claimed row says now; make the links it lacks and keep them, sealed, in the row.

    A second hand-over after a crash therefore carries the same links and the same Message-ID.

    :returns: the letter, or ``None`` when there is nothing left to say.
    """
    params: dict[str, Any] = keyring.open_json(row.params or "")
    if row.kind in event_letters.KINDS:
        event = event_letters.prepare(session, keyring, row.kind, section.code, params, now=now)
        row.params = keyring.seal_json(params)
        return None if event is None else _letter(row, section, address, params, event)
    if row.kind in ("confirm", "reminder"):
        found = _signatures(session, keyring, section, params, address, "pending")
    elif row.kind == "already_signed":
        found = _signatures(session, keyring, section, params, address, "confirmed")
    else:
        return _letter(row, section, address, params, params)
    if not found:
        return None
    params["signatures"] = [[number, version] for number, version, _ in found]
    params["cases"] = list(dict.fromkeys(case_id for _, _, case_id in found))
    until = datetime.fromisoformat(params["until"]) if "until" in params else None
    if until is None or until - now < _WORTH_SENDING:
        until = now + timedelta(days=token_days)
        params["until"] = until.isoformat()
        purposes = ("not_me",) if row.kind == "already_signed" else ("confirm", "not_me")
        about = params["signatures"]
        params["tokens"] = {
            purpose: tokens.issue(session, section.code, purpose, about, now=now, days=token_days)
            for purpose in purposes
        }
    row.params = keyring.seal_json(params)
    days = max(1, math.ceil((until - now) / timedelta(days=1)))
    context = {key: value for key, value in params.items() if key in ("cases", "tokens")}
    return _letter(row, section, address, params, {**context, "expires_days": days})


def _letter(
    row: OutboxMail, section: Section, address: Address, params: Mapping[str, Any], context: Mapping[str, Any]
) -> Letter:
    return Letter({name: getattr(row, name) for name in _FACTS}, section, address.typed, params, context)


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
    emails = {case: keyring.blind(signature_scope(section, case), address.canonical) for case in params["cases"]}
    rows = session.execute(query.where(Signature.case_id.in_(emails), Signature.email_index.in_(list(emails.values()))))
    name = params.get("name")
    return [
        (row.id, row.version, row.case_id)
        for row in rows
        if name is None or row.name_index == keyring.blind(f"name|{section.code}|{row.case_id}", name)
    ]


def enqueue_reminder(session: Session, keyring: Keyring, letter: Letter, *, now: datetime) -> None:
    """Put the one reminder of a confirmation mail in the outbox: the same links, a day later."""
    section, facts = letter.section, letter.facts
    about = sorted(number for number, _ in letter.params["signatures"])
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
        dedupe=keyring.blind(f"reminder|{section.code}", repr(about)),
        not_before=now + REMINDER_AFTER,
    )
    outbox.enqueue(session, values, replace=True)


def compose(letter: Letter, sender: str | None, words: tuple[str, str, str] | Words, *, now: datetime) -> EmailMessage:
    """Build the message. No header can be smuggled in: addresses are parsed, line ends in the subject are folded.

    :param sender: ``W4R_MAIL_SENDER``.
    :param words: subject, plain text and HTML, and the calendar files where it has any. Each goes in twice: as a part
        that mail programs act on by themselves, and as a file to open in those that do not.
    """
    subject, text, html, entries = Words(*words)
    name, address = parseaddr(sender or FALLBACK_SENDER)
    message = EmailMessage(policy=_POLICY)
    message["From"] = MailAddress(display_name=name, addr_spec=address)
    message["To"] = MailAddress(addr_spec=letter.recipient)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = now
    message["Message-ID"] = f"<{letter.facts['message_id']}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.section.lang_tag(letter.facts["locale"])
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for method, content in entries:
        message.add_alternative(content.decode(), subtype="calendar", params={"method": method})
    for _, content in entries:
        message.add_attachment(content, maintype="application", subtype="ics", filename="event.ics")
    return message
