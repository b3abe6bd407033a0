"""E-mail addresses: what is accepted, what counts as the same mailbox, and which domains may be kept in clear.

Delivery always goes to the address as typed. The canonical form only feeds blind indexes, so that one mailbox cannot
sign twice under two spellings. A wrong merge would keep a real person from signing while a missed one costs little,
so the rules name single providers and are never guessed for others.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

from .address_faults import AddressFault as AddressFault
from .address_faults import fault_of, is_too_long, typeset
from .providers import PUBLIC_PROVIDERS, RULES

#: What is longer is looked at no further; it leaves room for what gets copied with an address.
_LONGEST = 1000
#: What some keyboards write in place of ASCII's own signs: nobody's address has them, and they look the same.
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0xFE6B: "@", 0x3002: ".", 0xFF61: "."}
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Address:
    """One e-mail address.

    ``typed`` is where mail goes: the local part as typed, the domain in ASCII. ``canonical`` identifies the mailbox.
    ``needs_utf8``: only a mail server that speaks SMTPUTF8 (RFC 6531) can carry mail there.
    ``domain`` is the ASCII domain. ``provider`` is the only part that may be stored in clear: the name of a listed
    public or disposable provider, else ``None``.
    """

    typed: str
    canonical: str
    domain: str
    provider: str | None

    @property
    def needs_utf8(self) -> bool:
        """Whether the local part goes beyond ASCII."""
        return not self.typed.isascii()


def parse_address(text: str | None, *, test_environment: bool = False) -> Address:
    """Read an address.

    One with letters beyond ASCII before the ``@`` is read too; whether mail can go there depends on the mail server, so
    whoever takes an address in asks ``needs_utf8``.

    :param text: what somebody typed. Space around it and invisible marks in it (right-to-left pages and copied text add
        them) are dropped, and the wide signs of East Asian keyboards are taken for ASCII's.
    :param test_environment: accept domains under ``.test`` too.
    :returns: the address.
    :raises AddressFault: when there is none, when it is no address, or when it is too long.
    """
    text = _readable(text or "")
    if not text:
        raise AddressFault("empty")
    if len(text) > _LONGEST:
        raise AddressFault("too_long")
    # Large, with DNS behind it: loaded by the first address rather than by every start.
    from email_validator import EmailNotValidError, validate_email

    try:
        # No DNS: it would slow the answer and tell a resolver who signs.
        found = validate_email(text, check_deliverability=False, strict=True, test_environment=test_environment)
    except (EmailNotValidError, UnicodeError) as error:
        raise AddressFault(fault_of(text)) from error
    local, domain = found.local_part, found.ascii_domain.lower()
    if mend := typeset(local):
        raise AddressFault(mend)
    if is_too_long(local, domain):
        raise AddressFault("too_long")
    return Address(f"{local}@{domain}", _canonical(local, domain), domain, provider_of(domain))


def canonical_of(typed: str | None) -> str:
    """The canonical form of an address that was taken in before; empty where there is none."""
    try:
        return parse_address(typed, test_environment=True).canonical
    except AddressFault:
        return ""


def _readable(text: str) -> str:
    if text.isascii():
        return text.strip()
    text = text.translate(_WIDE)
    seen = (char for place, char in enumerate(text) if unicodedata.category(char) != "Cf" or _joins(text, place))
    return "".join(seen).strip()


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands within a word of Persian or Hindi, say, which may be another word without it."""
    before, after = text[:place][-1:], text[place + 1 : place + 2]
    return text[place] in _JOINERS and all(char and not char.isascii() for char in (before, after))


def _canonical(local: str, domain: str) -> str:
    # Lower case only: folding would take another mailbox for it ("straße" for "strasse").
    local = unicodedata.normalize("NFC", local.lower())
    rule = RULES.get(domain)
    if rule is None:
        return f"{local}@{domain}"
    base = local.partition("+")[0] if rule.tags else local
    if rule.letters:
        base = base.translate(rule.letters)
    # "+tag@" has no base to fall back on, so it stays as it is.
    return f"{base or local}@{rule.mailbox_domain or domain}"


@functools.cache
def _disposable_domains() -> frozenset[str] | set[str]:
    # 10,000 names: read when the first address is, not when the package is imported.
    from disposable_email_domains import blocklist

    return blocklist


def _disposable_parent(domain: str) -> str | None:
    listed = _disposable_domains()
    while "." in domain:
        if domain in listed:
            return domain
        domain = domain.partition(".")[2]
    return None


def is_disposable(domain: str) -> bool:
    """Say whether a domain, or one above it, is a listed disposable provider."""
    domain = domain.lower()
    return domain not in PUBLIC_PROVIDERS and _disposable_parent(domain) is not None


def provider_of(domain: str) -> str | None:
    """Return the public or disposable provider behind a domain, the only name that may be kept in clear.

    For a disposable sub-domain that is the listed parent, since the sub-domain itself may name one person.
    """
    return domain if domain in PUBLIC_PROVIDERS else _disposable_parent(domain)


def mask_address(text: str) -> str:
    """Return an address as a hint for its owner: ``ann@example.org`` becomes ``a…@e….org``."""
    local, _, domain = text.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}…@{(name or ending)[:1]}…{dot}{ending if dot else ''}"
