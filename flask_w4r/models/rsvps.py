"""Who comes to an event. Nothing joins one person's RSVPs: the address is indexed within one event only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import conv

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

RSVP_STATES = ("pending", "going", "waitlisted", "offered", "expired", "cancelled")


class Rsvp(Base):
    """One party. ``seats_held`` is what it holds of the event's seats now; the event's ``seats_taken`` is their sum."""

    __tablename__ = "w4r_rsvp"
    __table_args__ = (
        primary("rsvp", "id"),
        foreign("rsvp_event", "event_id", "w4r_event.id"),
        unique("rsvp_event_email", "event_id", "email_index"),
        index("rsvp_list", "event_id", "state", "waitlisted_at", "id"),
        index("rsvp_due", "state", "due_at"),
        one_of("rsvp_state", "state", RSVP_STATES),
        CheckConstraint("party_size >= 1 AND seats_held >= 0", name=conv("ck_w4r_rsvp_seats")),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    event_id: Mapped[int] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    #: Scope: this event. ``None`` once erased.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Sealed JSON: name, email, access_needs.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    #: The host may read the access needs.
    access_consent: Mapped[bool] = mapped_column(Boolean, default=False)
    party_size: Mapped[int] = mapped_column(Integer)
    seats_held: Mapped[int] = mapped_column(Integer, default=0)
    locale: Mapped[str] = mapped_column(String(16))
    #: When a pending claim or an offer ends.
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    waitlisted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The host lets this party know the address.
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    checked_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Reminders that were put in the outbox, each with the beginning it spoke of: ``day 2026-12-10T04:00:00+00:00``.
    reminded: Mapped[list[str]] = mapped_column(JSON)
    #: Raised with every change, for the calendar entry.
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
