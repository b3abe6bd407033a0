"""What is wrong with a text that is no address, by the mend it needs: looked for once no address can be read from it.

The kinds are those that people make: an address copied with its name or its comma, a keyboard's own apostrophe, a space
that a telephone put in. The first that fits is named, so the order goes from what is around an address to what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_LENGTH = 254
MAX_LOCAL = 64

FaultKey = Literal[
    "empty", "too_long", "around", "quotes", "several", "two_ats", "no_at", "no_local", "no_domain", "spaces", "end",
    "comma", "apostrophe", "dash", "dots", "ending", "signs", "domain", "letters", "syntax",
]  # fmt: skip


class AddressFault(ValueError):
    """The text is not an address we can write to. ``key`` names the mend; it never holds what was typed."""

    def __init__(self, key: FaultKey) -> None:
        self.key: FaultKey = key
        super().__init__(key)


@dataclass(frozen=True, slots=True)
class _Parts:
    text: str
    local: str
    domain: str


_AROUND = re.compile(r"[<>]|^mailto:", re.IGNORECASE)
_QUOTES = re.compile('["\u00ab\u00bb\u201c-\u201f\u2039\u203a\u300c-\u300f]')
_COMMAS = ",;\u060c\u061b\u3001"
_SEVERAL = re.compile(rf"@[^@]*[\s{_COMMAS}|/&][^@]*@")
_END = re.compile(rf"[.{_COMMAS}:!?)\]\u2026\u061f'\u2018\u2019]$")
_ADDRESS_IN_BRACKETS = re.compile(r"@\[[^\]]*\]$")
#: What keyboards and word processors put for ' and -.
_APOSTROPHES = re.compile("[\u2018\u2019\u201a\u201b\u02bc\u02b9\u00b4\u2032]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_DOTS = re.compile(r"\.\.|^\.|\.@|@\.")
#: RFC 5322, 3.2.3: what a local part is made of; the rest is beyond ASCII.
_ATOM = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f()\[\]:;\\]")


def octets(text: str) -> int:
    """How long a text is on the wire, which is what the limits of SMTP count (RFC 6531, 3.3)."""
    return len(text.encode(errors="replace"))


def is_too_long(local: str, domain: str) -> bool:
    """RFC 5321, 4.5.3.1, and the erratum that makes a path's 256 octets an address' 254."""
    return octets(local) > MAX_LOCAL or octets(local) + 1 + octets(domain) > MAX_LENGTH


_KINDS: tuple[tuple[FaultKey, Callable[[_Parts], object]], ...] = (
    ("around", lambda parts: _AROUND.search(parts.text)),
    ("quotes", lambda parts: _QUOTES.search(parts.text)),
    ("several", lambda parts: _SEVERAL.search(parts.text)),
    ("two_ats", lambda parts: parts.text.count("@") > 1),
    ("no_at", lambda parts: "@" not in parts.text),
    ("no_local", lambda parts: not parts.local.strip()),
    ("no_domain", lambda parts: not parts.domain.strip(" .")),
    ("spaces", lambda parts: any(char.isspace() for char in parts.text)),
    ("end", lambda parts: _END.search(parts.text) and not _ADDRESS_IN_BRACKETS.search(parts.text)),
    ("comma", lambda parts: any(char in _COMMAS for char in parts.text)),
    ("apostrophe", lambda parts: _APOSTROPHES.search(parts.local)),
    ("dash", lambda parts: _DASHES.search(parts.text)),
    ("dots", lambda parts: _DOTS.search(parts.text)),
    ("too_long", lambda parts: is_too_long(parts.local, parts.domain)),
    ("signs", lambda parts: _FORBIDDEN.search(parts.local)),
    ("ending", lambda parts: "." not in parts.domain and "[" not in parts.domain),
    ("domain", lambda parts: _ATOM.fullmatch(parts.local)),
)


def fault_of(text: str) -> FaultKey:
    """Name what is wrong with a text that is no address.

    :param text: without space around it, and not empty.
    :returns: the kind; ``syntax`` where no kind fits.
    """
    local, _, domain = text.rpartition("@")
    parts = _Parts(text, local, domain)
    return next((key for key, fits in _KINDS if fits(parts)), "syntax")


def typeset(local: str) -> FaultKey | None:
    """Whether a local part has the apostrophe or the dash of a word processor: mail could carry it, but nobody's mailbox has
    that name."""
    if local.isascii():
        return None
    return "apostrophe" if _APOSTROPHES.search(local) else "dash" if _DASHES.search(local) else None
