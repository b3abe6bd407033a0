"""The log of what staff and commands did: append-only, each entry hashed with the one before it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, primary, unique
from .types import BlindIndex, Id, UTCDateTime


class AuditEntry(Base):
    """One act. It holds no personal data: staff by the host's id, free text as a keyed hash."""

    __tablename__ = "w4r_audit"
    __table_args__ = (
        primary("audit", "id"),
        unique("audit_section_seq", "section", "seq"),
        index("audit_section_action", "section", "action", "seq"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    #: 1, 2, 3, ... without a gap within a section.
    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The host's id of a member of staff, or ``cli``, or ``worker``.
    actor_id: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(40))
    #: What was acted on: ``case:rocky-myers``, ``rule:12``, ``batch:7``.
    subject: Mapped[str] = mapped_column(String(120))
    #: How many rows a bulk act touched.
    count: Mapped[int] = mapped_column(Integer, default=1)
    #: ``{field: [before, after]}``: plain for enumerations and numbers, a keyed hash for anything typed.
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[bytes] = mapped_column(BlindIndex)


class AuditHead(Base):
    """The last entry of a section's log. Locked by whoever appends, so that the chain has one end."""

    __tablename__ = "w4r_audit_head"
    __table_args__ = (primary("audit_head", "section"),)

    section: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(BlindIndex)


class AuditCheckpoint(Base):
    """Where the log begins since older entries were let go: the last of those, signed with the site's key."""

    __tablename__ = "w4r_audit_checkpoint"
    __table_args__ = (primary("audit_checkpoint", "section"),)

    section: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(BlindIndex)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signature: Mapped[bytes] = mapped_column(BlindIndex)
