"""What is known of whoever asks: consents and their exact words, links in mails, the keys of days, spent captcha proofs."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime


class DayKey(Base):
    """The sealed secret of one UTC day, from which that day's network and mail-cap hashes are keyed. Kept 14 days."""

    __tablename__ = "w4r_day_key"
    __table_args__ = (primary("day_key", "day"),)

    day: Mapped[date] = mapped_column(Date)
    secret: Mapped[str] = mapped_column(EncryptedText)


class SpentProof(Base):
    """A captcha solution that was used, until it would have expired anyway."""

    __tablename__ = "w4r_spent_proof"
    __table_args__ = (primary("spent_proof", "digest"), index("spent_proof_expires", "expires_at"))

    digest: Mapped[bytes] = mapped_column(BlindIndex)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


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


class Token(Base):
    """One link. What it stands for is sealed under the token itself, so that the database alone cannot join a
    supporter's signatures that went out in one mail."""

    __tablename__ = "w4r_token"
    __table_args__ = (primary("token", "id"), unique("token_hash", "token_hash"), index("token_expires", "expires_at"))

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[bytes] = mapped_column(BlindIndex)
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
