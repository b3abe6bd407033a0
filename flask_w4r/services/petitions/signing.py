"""One press of the button: what was typed, and every column that comes of it. Written by :mod:`.writing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...keyring import Keyring
from ...sections import Section
from ...state import Hooks
from ..mail import send as mail
from ..moderation.judgement import Judgement
from ..people.addresses import Address
from ..people.consents import ConsentAnswer
from ..people.names import fold_name
from ..people.networks import Network
from ..tally import counts as tally
from .reindex import details_scope, details_text, name_scope

#: What a submission cannot be made without.
_ALWAYS = ("first_name", "last_name", "locale")


@dataclass(frozen=True)
class Submission:
    """What a supporter filled in, checked and cleaned."""

    first_name: str
    last_name: str
    address: Address | None
    locale: str
    phone: str = ""
    postcode: str = ""
    custom: Mapping[str, Any] | None = None
    withhold_name: bool = False
    newsletter: bool = False
    consents: Sequence[ConsentAnswer] = ()

    def packed(self) -> dict[str, Any]:
        """The same as JSON values, for the intake."""
        address = self.address
        values = {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "address": [address.typed, address.canonical, address.domain, address.provider] if address else None,
            "locale": self.locale,
            "phone": self.phone,
            "postcode": self.postcode,
            "custom": dict(self.custom or {}),
            "withhold_name": self.withhold_name,
            "newsletter": self.newsletter,
            "consents": [[given.purpose, given.digest.hex(), given.granted, given.method] for given in self.consents],
        }
        return {name: value for name, value in values.items() if value or name in _ALWAYS}

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Submission:
        """Read what :meth:`packed` made."""
        consents = tuple(
            ConsentAnswer(purpose, bytes.fromhex(digest), granted, method)
            for purpose, digest, granted, method in values.get("consents", ())
        )
        address = Address(*values["address"]) if values.get("address") else None
        return cls(**{**values, "address": address, "consents": consents})

    def person(self) -> dict[str, Any]:
        """What is sealed in the signature."""
        values = {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.address.typed if self.address else None,
            "phone": self.phone,
            "postcode": self.postcode,
            "custom": dict(self.custom or {}),
        }
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True)
class Signing:
    """One press of the button: everything that is written for it, but for what the database has to say."""

    section: Section
    submission: Submission
    judgement: Judgement
    network: Network
    #: The day's secret, which keys the count of mails an address gets.
    cap_secret: bytes
    now: datetime
    #: Where newsletter opt-ins go, if anywhere.
    takers: Hooks | None = None
    #: Whoever signs has shown that they read the address' mail.
    proved: bool = False
    case_ids: Sequence[int] = ()

    @property
    def at_once(self) -> bool:
        """Counted without a mail: the mailbox is proved, the section asks for none, or there is no address."""
        return self.proved or self.section.confirmation == "none" or self.submission.address is None

    def email_index(self, keyring: Keyring, case_id: int) -> bytes | None:
        """What the address is known by on a case."""
        address = self.submission.address
        return keyring.blind(tally.signature_scope(self.section, case_id), address.canonical) if address else None

    def signature_values(self, keyring: Keyring, case_id: int, sealed: str, *, held: bool) -> dict[str, Any]:
        """The signature's columns for one case."""
        given, section = self.submission, self.section
        plain = details_text(given.person(), withhold_name=given.withhold_name, newsletter=given.newsletter)
        name = fold_name(given.first_name, given.last_name)
        address = given.address
        return {
            "section": section.code,
            "case_id": case_id,
            "state": "confirmed" if self.at_once else "pending",
            "version": 1,
            "email_index": self.email_index(keyring, case_id),
            "slot": 0,
            "details_index": keyring.blind(details_scope(section.code, case_id), plain),
            "name_index": keyring.blind(name_scope(section.code, case_id), name),
            "person": sealed,
            "withhold_name": given.withhold_name,
            "newsletter": given.newsletter,
            "locale": given.locale,
            "held_at": self.now if held else None,
            "held_for": (self.judgement.held_for or "suppressed") if held else None,
            "released_at": None,
            "reasons": list(self.judgement.reasons),
            "score": self.judgement.score,
            "captcha": self.judgement.captcha,
            "net_day": self.network.day,
            "net_host": self.network.host,
            "net_site": self.network.site,
            "net_block": self.network.block,
            "mail_domain": address.provider if address else None,
            "created_at": self.now,
            "updated_at": self.now,
            "confirmed_at": self.now if self.at_once else None,
        }

    def mail_values(self, keyring: Keyring, kind: str, case_ids: Sequence[int]) -> dict[str, Any]:
        """The outbox row of the one mail for these cases."""
        given, section = self.submission, self.section
        assert given.address is not None
        params: dict[str, Any] = {"cases": list(case_ids)}
        if section.shared_mailbox:
            params["name"] = fold_name(given.first_name, given.last_name)
        # What asks for a confirmation is joined into the mail that waits for the address; other matters are told once a day.
        what, day = (params.get("name"), "") if kind == "confirm" else (params, self.network.day)
        matter = f"{kind}|{section.code}|{given.address.canonical}|{what}"
        return mail.outbox_values(
            keyring,
            section,
            kind,
            given.locale,
            given.address.typed,
            params,
            now=self.now,
            cap_index=mail.cap_index(self.cap_secret, section, given.address.canonical),
            cap_day=self.network.day,
            dedupe=keyring.blind(f"dedupe|{day}", matter),
        )
