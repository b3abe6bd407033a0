"""What a supporter wrote, checked and cleaned, and what it is known by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...sections import Section
from ..people.addresses import Address

KIND = "message"
#: What the tally calls it.
ACTION = "solidarity_message"
#: Characters of a message, counted by code points.
LONGEST = 500
_SELDOM = ("name", "public")


def email_scope(section: Section | str, case_id: int) -> str:
    """The scope of a message's blind index: one case, so that one person's messages cannot be joined.

    :param section: or its code.
    """
    return f"message|{section if isinstance(section, str) else section.code}|{case_id}"


@dataclass(frozen=True)
class Written:
    """A message and who says it is from them.

    :param name: a first name, or whatever they like to be called by; may be empty.
    :param country: its code.
    :param public: it may be shown on the case's page.
    :param consent: the digest of the words that were agreed to.
    """

    text: str
    address: Address | None
    country: str
    locale: str
    consent: bytes
    name: str = ""
    public: bool = False

    def packed(self) -> dict[str, Any]:
        """The same as JSON values, for the intake."""
        address = self.address
        values = {
            "text": self.text, "country": self.country, "locale": self.locale, "consent": self.consent.hex(),
            "address": [address.typed, address.canonical, address.domain, address.provider] if address else None,
        }  # fmt: skip
        return values | {name: getattr(self, name) for name in _SELDOM if getattr(self, name)}

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Written:
        """Read what :meth:`packed` made."""
        address = Address(*values["address"]) if values["address"] else None
        return cls(**{**values, "address": address, "consent": bytes.fromhex(values["consent"])})

    def person(self) -> dict[str, str]:
        """What is sealed of the writer."""
        values = {"name": self.name, "country": self.country, "email": self.address.typed if self.address else ""}
        return {name: value for name, value in values.items() if value}
