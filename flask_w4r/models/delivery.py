"""Signatures handed over: a delivery, and whose names are in it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

DELIVERY_STATES = ("prepared", "handed_over", "called_off")
OUTCOMES = ("met", "posted", "refused")


class Delivery(Base):
    """Signatures of one case on their way to whom they are for. It holds no name: those stay where they were signed."""

    __tablename__ = "w4r_delivery"
    __table_args__ = (
        primary("delivery", "id"),
        foreign("delivery_case", "case_id", "w4r_case.id", ondelete="RESTRICT"),
        unique("delivery_public_id", "public_id"),
        index("delivery_section_state", "section", "state", "id"),
        one_of("delivery_state", "state", DELIVERY_STATES),
        one_of("delivery_outcome", "outcome", OUTCOMES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    #: At random: what it is called in addresses and commands.
    public_id: Mapped[str] = mapped_column(String(32))
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id)
    #: Whom it is for, as typed: offices, not people.
    recipients: Mapped[list[str]] = mapped_column(JSON)
    #: What is printed of each signature: ``name``, ``country`` and names of the section's own questions.
    fields: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    #: How it was handed over. ``refused``: they did not take it, so it may be handed over again, or called off.
    outcome: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    #: All signatures in it, and how many of them are counted without their name. Fixed once it is frozen.
    count: Mapped[int] = mapped_column(Integer, default=0)
    withheld: Mapped[int] = mapped_column(Integer, default=0)
    countries: Mapped[dict[str, int]] = mapped_column(JSON)
    #: SHA-256 of ``names.csv``, and the root of the Merkle tree, in hex; ``None`` while the names are not frozen.
    digest: Mapped[str | None] = mapped_column(String(64))
    root: Mapped[str | None] = mapped_column(String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Who is freezing it now: whoever began last.
    freezing: Mapped[str | None] = mapped_column(String(32))
    #: Sealed: from which the salts of the leaves are made. Gone once no receipt is made of it any more.
    salt: Mapped[str | None] = mapped_column(EncryptedText)
    prepared_at: Mapped[datetime] = mapped_column(UTCDateTime)
    prepared_by: Mapped[str] = mapped_column(String(100))
    handed_over_on: Mapped[date | None] = mapped_column(Date)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Sealed: the name of who took it there.
    handed_over_by: Mapped[str | None] = mapped_column(EncryptedText)
    called_off_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The host's id of who handed it over, or called it off, here.
    closed_by: Mapped[str | None] = mapped_column(String(100))
    #: Receipts are to be mailed, and up to which number they have been written down.
    receipts_due: Mapped[bool] = mapped_column(Boolean, default=False)
    receipts_after: Mapped[int] = mapped_column(Integer, default=0)


class DeliveryName(Base):
    """One signature in a delivery. It can be in one only, since it is the key."""

    __tablename__ = "w4r_delivery_name"
    __table_args__ = (
        primary("delivery_name", "signature_id"),
        foreign("delivery_name_signature", "signature_id", "w4r_signature.id"),
        foreign("delivery_name_delivery", "delivery_id", "w4r_delivery.id"),
        index("delivery_name_number", "delivery_id", "number"),
    )

    signature_id: Mapped[int] = mapped_column(Id, autoincrement=False)
    delivery_id: Mapped[int] = mapped_column(Id)
    #: Its place, from 1: those whose name is printed first. ``None`` while it is not frozen.
    number: Mapped[int | None] = mapped_column(Integer)
    #: The leaf of the Merkle tree: SHA-256 of what is printed and a salt. Wiped once no receipt needs it.
    leaf: Mapped[bytes | None] = mapped_column(BlindIndex)


#: What the columns hold while nothing is frozen.
UNFROZEN: dict[str, Any] = {
    "digest": None, "root": None, "frozen_at": None, "count": 0, "withheld": 0, "countries": {},
}  # fmt: skip
