"""Domains that are one slip away from a large mail provider: asked about, never refused.

Four of five typing errors are one letter left out, doubled, wrong or swapped with its neighbour (F. J. Damerau, "A
technique for computer detection and correction of spelling errors", Communications of the ACM 7(3), 1964). Letters that
are wrong are left alone here, but for those beside the right one: too many real domains differ by one letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from .addresses import Address, is_disposable

#: The providers that most people have; the others are too near to somebody's own domain.
_LARGE = ("gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com")
#: Ends that stand in no list of top-level domains, or belong to nobody's mailbox at these providers.
_ENDS = ("con", "cm", "co", "om", "vom", "xom", "comm", "cpm", "ocm", "cim")
#: What a finger hits beside the letter, on the usual keyboards.
_BESIDE = {"m": "n", "n": "m", "a": "s", "i": "o", "o": "i", "l": "k", "u": "y", "t": "r", "h": "g"}
#: Real providers that look like a slip.
_REAL = frozenset({"mail.com", "ymail.com", "email.com", "gmal.com", "otmail.com", "look.com", "cloud.com", "yaho.co"})


def meant(address: Address) -> str | None:
    """The domain that was probably meant, where an address' own is one slip away from a large provider's."""
    # Lists of disposable domains have some slips too, which collect mail that goes astray.
    if address.provider is not None and not is_disposable(address.domain):
        return None
    return _slips().get(address.domain)


@cache
def _slips() -> dict[str, str]:
    found: dict[str, str] = {}
    for domain in _LARGE:
        name = domain.removesuffix(".com")
        for slip in _of_name(name):
            found.setdefault(f"{slip}.com", domain)
        for end in _ENDS:
            found.setdefault(f"{name}.{end}", domain)
        found.setdefault(f"{name}com", domain)
    return {slip: domain for slip, domain in found.items() if slip not in _LARGE and slip not in _REAL}


def _of_name(name: str) -> Iterator[str]:
    for place, letter in enumerate(name):
        before, after = name[:place], name[place + 1 :]
        yield before + after
        yield before + letter + letter + after
        if after:
            yield before + after[0] + letter + after[1:]
        if letter in _BESIDE:
            yield before + _BESIDE[letter] + after
