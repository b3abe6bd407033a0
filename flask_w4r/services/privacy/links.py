"""What the link in the mail of "my data" stands for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ...sections import Section
from ..people import tokens
from ..people.addresses import Address, parse_address
from .letters import PURPOSE


@dataclass(frozen=True)
class DataLink:
    """A genuine link.

    :ivar status: ``open``, ``expired`` or ``erased``.
    :ivar erased_at: when all was erased by it.
    """

    status: str
    token_id: int
    address: Address | None = None
    erased_at: datetime | None = None


def look(session: Session, section: Section, raw: str, *, now: datetime) -> DataLink:
    """Look a link up.

    :raises TokenInvalid: it is none of ours.
    """
    token = tokens.find(session, section.code, PURPOSE, raw, now=now)
    if not token.payload:
        return DataLink("erased", token.id, erased_at=token.revoked_at)
    if token.expired or token.revoked:
        return DataLink("expired", token.id)
    return DataLink("open", token.id, parse_address(token.payload[0], test_environment=True))


def still(session: Session, section: Section, token_id: int) -> bool:
    """Whether a link that somebody came in by was not ended since."""
    return tokens.is_alive(session, section.code, PURPOSE, token_id)
