"""What the checks found about something that a stranger sent in, as its row keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...errors import ProofReplayed
from ...models import SpentProof
from ..storage.upsert import insert_ignore


@dataclass(frozen=True)
class Judgement:
    """What the anti-abuse pipeline found, as a signature keeps it."""

    score: int
    held: bool
    reasons: Sequence[Mapping[str, Any]]
    captcha: str
    proof: bytes | None = None
    proof_expires_at: datetime | None = None

    @property
    def held_for(self) -> str | None:
        """The check that weighs most among those that hold it."""
        return main_reason(self.reasons) if self.held else None


def main_reason(reasons: Sequence[Mapping[str, Any]]) -> str | None:
    """The check that a held signature is filed under: one that holds outright, else the one with most points."""
    first = min(reasons, key=lambda item: (not item.get("hold"), -item.get("score", 0)), default=None)
    return str(first["check"]) if first else None


def spend_proof(session: Session, judgement: Judgement) -> None:
    """Use up the captcha solution that came with a form.

    :raises ProofReplayed: it was used before.
    """
    if judgement.proof is not None:
        proof = {"digest": judgement.proof, "expires_at": judgement.proof_expires_at}
        if not insert_ignore(session, SpentProof.__table__, proof):
            raise ProofReplayed


#: What the proof of the mailbox makes up for (architecture 14): no captcha, and a hidden field that a password manager
#: or a browser filled in for an honest person.
MAILBOX_RELEASES = frozenset({"captcha_missing", "captcha_unavailable", "honeypot"})


def score_once_proved(reasons: Sequence[Mapping[str, Any]], score: int) -> int:
    """What a score comes to once the mailbox is proved."""
    return score - sum(int(item.get("score") or 0) for item in reasons if item.get("check") in MAILBOX_RELEASES)


def releases_itself(reasons: Sequence[Mapping[str, Any]], score: int, hold_at: int) -> bool:
    """Whether proving the mailbox releases a held signature: what the proof makes up for is all that held it."""
    checks = {item.get("check") for item in reasons}
    holding = {item.get("check") for item in reasons if item.get("hold")}
    made_up_for = bool(checks & MAILBOX_RELEASES) and holding <= MAILBOX_RELEASES
    return made_up_for and score_once_proved(reasons, score) < hold_at
