"""Links in mails: 256 random bits, stored hashed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, primary, unique
from .types import BlindIndex, Id, UTCDateTime


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
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
