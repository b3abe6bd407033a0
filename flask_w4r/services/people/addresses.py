"""E-mail addresses: what is accepted, what counts as the same mailbox, and which domains may be kept in clear.

Delivery always goes to the address as typed. The canonical form only feeds blind indexes, so that one mailbox cannot
sign twice under two spellings. A wrong merge would keep a real person from signing while a missed one costs little,
so the rules name single providers and are never guessed for others.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass
from typing import Literal

from .providers import PUBLIC_PROVIDERS, RULES

MAX_LENGTH = 254
MAX_LOCAL = 64

FaultKey = Literal["empty", "syntax", "too_long"]


class AddressFault(ValueError):
    """The text is not an address we can write to. ``key`` is ``empty``, ``syntax`` or ``too_long``."""

    def __init__(self, key: FaultKey) -> None:
        self.key: FaultKey = key
        super().__init__(key)


@dataclass(frozen=True, slots=True)
class Address:
    """One e-mail address.

    ``typed`` is where mail goes: the local part as typed, the domain in ASCII. ``canonical`` identifies the mailbox.
    ``domain`` is the ASCII domain. ``provider`` is the only part that may be stored in clear: the name of a listed
    public or disposable provider, else ``None``.
    """

    typed: str
    canonical: str
    domain: str
    provider: str | None


def parse_address(text: str | None, *, test_environment: bool = False) -> Address:
    """Read an address.

    :param text: what somebody typed; space and invisible marks around it (right-to-left pages add them) are dropped.
    :param test_environment: accept domains under ``.test`` too.
    :returns: the address.
    :raises AddressFault: when there is none, when it is no address, or when it is too long.
    """
    text = _trim(text or "")
    if not text:
        raise AddressFault("empty")
    if len(text) > MAX_LENGTH or len(text.rpartition("@")[0]) > MAX_LOCAL:
        raise AddressFault("too_long")
    # Large, with DNS behind it: loaded by the first address rather than by every start.
    from email_validator import EmailNotValidError, validate_email

    try:
        # No DNS: it would slow the answer and tell a resolver who signs.
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, strict=True, test_environment=test_environment
        )
    except (EmailNotValidError, UnicodeError) as error:
        raise AddressFault("syntax") from error
    local, domain = found.ascii_local_part or "", found.ascii_domain.lower()
    return Address(f"{local}@{domain}", _canonical(local, domain), domain, provider_of(domain))


def _trim(text: str) -> str:
    if text.isascii():
        return text.strip()
    start, end = 0, len(text)
    while start < end and _is_margin(text[start]):
        start += 1
    while end > start and _is_margin(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_margin(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) == "Cf"


def _canonical(local: str, domain: str) -> str:
    local = local.casefold()
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
