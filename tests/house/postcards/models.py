"""A table of the host's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_w4r.models.types import EncryptedText, UTCDateTime


class Base(DeclarativeBase):
    """Apart from the library's metadata."""


class Postcard(Base):
    """One postcard."""

    __tablename__ = "toy_postcard"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer, default=1)
    #: Sealed JSON: the sender's address, and the words.
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
