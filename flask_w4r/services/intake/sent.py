"""A form that somebody sent: who it says it is from, and what only the request knew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ...sections import Section
from ..people.addresses import Address
from ..people.networks import Network

_SELDOM = ("too_fast", "honeypot", "proved")


@dataclass(frozen=True)
class Author:
    """Whoever sent a form, as far as it is judged."""

    address: Address | None
    first_name: str
    last_name: str = ""
    #: What they put in words of their own, to be told from what others wrote.
    texts: Sequence[str] = ()
    #: Of these, what others are to read: looked through for what has no place there.
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Sent:
    """What only the request knew.

    :param case_ids: the cases it is about.
    :param too_fast: the form came back sooner than somebody can fill it in.
    :param captcha: ``pass``, ``missing``, ``unavailable`` or ``off``.
    :param proof: digest of the captcha's solution, which is good for one form; until ``proof_expires_at``.
    :param honeypot: the field that nobody sees was filled in.
    :param rule: of the desk's lists the entry for this network or country: effect, kind, id.
    :param proved: whoever sent it has shown that they read the address' mail.
    :param via: what the link said that led here: of the section's ``share_sources`` one, and the number of a text. It is
        counted when the form is looked at, and goes with this row: it is stored with nothing that is kept.
    """

    at: datetime
    network: Network
    captcha: str
    case_ids: Sequence[int] = ()
    too_fast: bool = False
    proof: bytes | None = None
    proof_expires_at: datetime | None = None
    honeypot: bool = False
    rule: tuple[str, str, int] | None = None
    proved: bool = False
    via: tuple[str, int] | None = None

    def packed(self) -> dict[str, Any]:
        """The same as JSON values; the moment stands in a column."""
        network = self.network
        found: dict[str, Any] = {
            "cases": list(self.case_ids),
            "captcha": self.captcha,
            "net": [network.day.isoformat(), (network.host + network.site + network.block).hex(), network.known],
        }
        if self.proof and self.proof_expires_at:
            found["proof"] = [self.proof.hex(), self.proof_expires_at.timestamp()]
        if self.via:
            found["via"] = self.via
        if self.rule:
            found["rule"] = self.rule
        # What is seldom so is not said where it is not.
        return found | {name: True for name in _SELDOM if getattr(self, name)}

    @classmethod
    def unpacked(cls, values: Mapping[str, Any], at: datetime) -> Sent:
        """Read what :meth:`packed` made."""
        day, hashes, known = values["net"]
        raw = bytes.fromhex(hashes)
        proof, until = values.get("proof", (None, None))
        rule, via = values.get("rule"), values.get("via")
        return cls(
            at=at,
            network=Network(date.fromisoformat(day), raw[:32], raw[32:64], raw[64:], known),
            captcha=values["captcha"],
            case_ids=tuple(values["cases"]),
            proof=bytes.fromhex(proof) if proof else None,
            proof_expires_at=datetime.fromtimestamp(until, UTC) if until is not None else None,
            rule=(rule[0], rule[1], rule[2]) if rule else None,
            via=(via[0], via[1]) if via else None,
            **{name: True for name in _SELDOM if values.get(name)},
        )


@dataclass(frozen=True)
class Entry:
    """One row of the intake, opened.

    :param values: what its kind wrote down.
    """

    id: int
    section: Section
    sent: Sent
    values: Mapping[str, Any]
