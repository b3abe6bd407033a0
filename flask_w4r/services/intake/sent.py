"""A form that somebody sent: who it says it is from, and what only the request knew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ...sections import Section
from ..people.addresses import Address
from ..people.networks import Network


@dataclass(frozen=True)
class Author:
    """Whoever sent a form, as far as it is judged."""

    address: Address | None
    first_name: str
    last_name: str = ""
    #: What they put in words of their own, to be told from what others wrote.
    texts: Sequence[str] = ()


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

    def packed(self) -> dict[str, Any]:
        """The same as JSON values; the moment stands in a column."""
        network = self.network
        return {
            "cases": list(self.case_ids),
            "fast": self.too_fast,
            "captcha": self.captcha,
            "proof": self.proof.hex() if self.proof else None,
            "proof_until": self.proof_expires_at.timestamp() if self.proof_expires_at else None,
            "honeypot": self.honeypot,
            "net": [
                network.day.isoformat(),
                network.host.hex(),
                network.site.hex(),
                network.block.hex(),
                network.known,
            ],
            "rule": self.rule,
            "proved": self.proved,
        }

    @classmethod
    def unpacked(cls, values: Mapping[str, Any], at: datetime) -> Sent:
        """Read what :meth:`packed` made."""
        day, host, site, block, known = values["net"]
        proof, until, rule = values["proof"], values["proof_until"], values["rule"]
        network = Network(
            date.fromisoformat(day), bytes.fromhex(host), bytes.fromhex(site), bytes.fromhex(block), known
        )
        return cls(
            at=at,
            network=network,
            captcha=values["captcha"],
            case_ids=tuple(values["cases"]),
            too_fast=values["fast"],
            proof=bytes.fromhex(proof) if proof else None,
            proof_expires_at=datetime.fromtimestamp(until, UTC) if until is not None else None,
            honeypot=values["honeypot"],
            rule=(rule[0], rule[1], rule[2]) if rule else None,
            proved=values["proved"],
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
