"""From an outbox row to a letter: is it still wanted, what does it link to, and the message itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from ...models import OutboxMail
from ...seam import Ask, Sender
from ...sections import Section

#: Where no sender is configured, which only debugging and testing allow.
FALLBACK_SENDER = "w4r@localhost"


class _OneLine(UnstructuredHeader):
    """A header that is not folded. The standard library parts a long address into encoded words, which no program that
    looks for an address there puts together again."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it leaves."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


class _Headers(HeaderRegistry):
    """Reads what many mails have alike once: their kind, their subject, who sends them. It takes the standard library
    longer than all the rest of a message."""

    _OF_ONE = frozenset({"to", "message-id", "list-unsubscribe"})

    def __init__(self) -> None:
        super().__init__()
        self.map_to_type("list-unsubscribe", _OneLine)  # type: ignore[arg-type]
        self._alike = lru_cache(maxsize=256)(super().__call__)

    def __call__(self, name: str, value: Any) -> Any:
        """The header of that name and value."""
        if isinstance(value, str) and name.lower() not in self._OF_ONE:
            return self._alike(name, value)
        return super().__call__(name, value)


#: Base64 or quoted-printable only: not every relay takes 8-bit text.
_POLICY = SMTP.clone(cte_type="7bit", header_factory=_Headers())
_POLICY_UTF8 = _POLICY.clone(utf8=True)
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
    :param unsubscribe: the address that ends mails like it at one press (RFC 8058), where it has one.
    :param sender: in whose name it leaves, where that is not the site.
    """

    subject: str
    text: str
    html: str
    entries: Sequence[tuple[str, bytes]] = ()
    unsubscribe: str = ""
    sender: Sender | None = None


class Render(Protocol):
    """Turns a mail into words.

    ``context`` holds ``cases`` (ids) and, where the kind has them, ``tokens`` (by purpose: ``confirm``, ``not_me``)
    and ``expires_days`` (how long they hold); for a mail about an event ``event`` and ``rsvp`` (ids) and ``text``.
    ``memo`` is there to remember in what mails of one batch share. Returns subject, plain text, HTML, as :class:`Words`
    where there is more.
    """

    def __call__(
        self, kind: str, section: Section, locale: str, context: Mapping[str, Any], /, *, memo: dict[Any, Any]
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


def letter(row: OutboxMail, ask: Ask, context: Mapping[str, Any]) -> Letter:
    """A claimed row, ready to leave."""
    facts = {name: getattr(row, name) for name in _FACTS}
    return Letter(facts, ask.section, ask.address.typed, ask.params, context)


def compose(letter: Letter, sender: str | None, words: tuple[str, str, str] | Words, *, now: datetime) -> EmailMessage:
    """Build the message. No header can be smuggled in: addresses are parsed, line ends in the subject are folded.

    :param sender: ``W4R_MAIL_SENDER``.
    :param words: subject, plain text and HTML, and the calendar files where it has any. Each goes in twice: as a part
        that mail programs act on by themselves, and as a file to open in those that do not.
    """
    subject, text, html, entries, unsubscribe, own = Words(*words)
    name, address = parseaddr(sender or FALLBACK_SENDER)
    if own is not None:
        name, address = " ".join(own.name.split()), own.address or address
    mailbox, _, domain = letter.recipient.rpartition("@")
    # Headers leave in UTF-8 only where the address cannot be said without it (RFC 6532).
    message = EmailMessage(policy=_POLICY if mailbox.isascii() else _POLICY_UTF8)
    message["From"] = MailAddress(display_name=name, addr_spec=address)
    message["To"] = MailAddress(username=mailbox, domain=domain)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = now
    message["Message-ID"] = f"<{letter.facts['message_id']}@{address.rpartition('@')[2]}>"
    if own is not None:
        reply_name, reply_address = parseaddr(own.reply_to or sender or FALLBACK_SENDER)
        message["Reply-To"] = MailAddress(display_name=reply_name, addr_spec=reply_address)
    if own is None or not own.personal:
        message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for method, content in entries:
        message.add_alternative(content.decode(), subtype="calendar", params={"method": method})
    for _, content in entries:
        message.add_attachment(content, maintype="application", subtype="ics", filename="event.ics")
    # Last: what says of the content what it is goes when the content is set.
    message["Content-Language"] = letter.section.lang_tag(letter.facts["locale"])
    return message
