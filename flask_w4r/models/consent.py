"""Consents: the exact text once, by its hash, and who agreed to it when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, primary
from .types import BlindIndex, Id, UTCDateTime


class ConsentText(Base):
    """The words a supporter saw, kept once under their SHA-256."""

    __tablename__ = "w4r_consent_text"
    __table_args__ = (primary("consent_text", "digest"),)

    digest: Mapped[bytes] = mapped_column(BlindIndex)
    section: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)


class Consent(Base):
    """An answer to one consent question, given with one signature (GDPR 7(1) asks for proof)."""

    __tablename__ = "w4r_consent"
    __table_args__ = (
        primary("consent", "id"),
        foreign("consent_signature", "signature_id", "w4r_signature.id"),
        index("consent_signature", "signature_id"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    signature_id: Mapped[int] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(32))
    text_digest: Mapped[bytes] = mapped_column(BlindIndex)
    granted: Mapped[bool] = mapped_column(Boolean)
    method: Mapped[str] = mapped_column(String(16))
    given_at: Mapped[datetime] = mapped_column(UTCDateTime)
