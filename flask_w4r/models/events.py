"""Writing events: where people meet to write, and what was written there."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, DateTime, Double, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.elements import conv

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, LongText, UTCDateTime

EVENT_STATES = ("unconfirmed", "submitted", "published", "rejected", "cancelled", "over")
EVENT_KINDS = ("public", "school", "private", "online", "hybrid")
#: Who learns the exact place: everybody, nobody here (the town only), guests whom the host approved, or who has the link.
VISIBILITIES = ("exact", "town", "approval", "unlisted")
ACCESS_STATUSES = ("unknown", "step_free", "partly", "not_accessible")
AVAILABILITIES = ("open", "few", "full")


class Event(Base):
    """One writing event. What is secret of it (address, exact place, online link, host) is sealed; maps, lists,
    distances and order know only the town's point."""

    __tablename__ = "w4r_event"
    __table_args__ = (
        primary("event", "id"),
        unique("event_section_slug", "section", "slug"),
        index("event_upcoming", "section", "state", "starts_at", "id"),
        index("event_point", "section", "state", "public_lat", "public_lon"),
        index("event_held", "section", "held_at", "id"),
        index("event_ends", "state", "ends_at"),
        one_of("event_state", "state", EVENT_STATES),
        one_of("event_kind", "kind", EVENT_KINDS),
        one_of("event_visibility", "visibility", VISIBILITIES),
        one_of("event_access", "access_status", ACCESS_STATUSES),
        one_of("event_availability", "availability", AVAILABILITIES),
        CheckConstraint(
            "seats_taken >= 0 AND pending_seats >= 0 AND waiting >= 0"
            " AND (capacity IS NULL OR seats_taken <= capacity)",
            name=conv("ck_w4r_event_seats"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    #: Random for unlisted events.
    slug: Mapped[str] = mapped_column(String(80))
    #: The stable left part of the iCalendar UID, and the SEQUENCE that each change of time or place raises.
    uid: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(16))
    visibility: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(LongText)
    #: As the host means it, on the clock of ``time_zone``; and the same moments in UTC, for order and search.
    starts_local: Mapped[datetime] = mapped_column(DateTime)
    ends_local: Mapped[datetime] = mapped_column(DateTime)
    time_zone: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The town: all that the public learns of where it is, unless ``visibility`` is ``exact``.
    place_id: Mapped[int | None] = mapped_column(BigInteger)
    town: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    public_lat: Mapped[float | None] = mapped_column(Double())
    public_lon: Mapped[float | None] = mapped_column(Double())
    #: Sealed JSON: venue_name, address, lat, lon, online_url, host_name, host_email.
    secret: Mapped[str | None] = mapped_column(EncryptedText)
    #: Scope: this section's hosts.
    host_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    host_verified: Mapped[bool] = mapped_column(Boolean, default=False)
    #: Raised when a host's link must end: links carry the version they were made for.
    host_version: Mapped[int] = mapped_column(Integer, default=1)
    locale: Mapped[str] = mapped_column(String(16))
    languages: Mapped[list[str]] = mapped_column(JSON)
    access_status: Mapped[str] = mapped_column(String(16))
    access_notes: Mapped[str] = mapped_column(String(500))
    #: ``None``: as many as come.
    capacity: Mapped[int | None] = mapped_column(Integer)
    #: Seats held by pending, offered and going parties; the sum of their ``seats_held``.
    seats_taken: Mapped[int] = mapped_column(Integer, default=0)
    #: Of those, the ones that nobody confirmed yet: a quarter of the capacity at most, or one party.
    pending_seats: Mapped[int] = mapped_column(Integer, default=0)
    #: Parties on the waiting list. While there are any, nobody passes them.
    waiting: Mapped[int] = mapped_column(Integer, default=0)
    #: The host takes no more guests.
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: What is shown of the seats, renewed every five minutes at most so that nobody can count guests by it.
    availability: Mapped[str] = mapped_column(String(8))
    availability_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: Set while it waits for the desk.
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    report_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: What was public of it when it went back to the desk (``events.views.as_shown``), as long as nobody approved what
    #: came after. With ``hidden`` it has no page any more.
    approved: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class EventCase(Base):
    """A case that an event writes for."""

    __tablename__ = "w4r_event_case"
    __table_args__ = (
        primary("event_case", "event_id", "case_id"),
        foreign("event_case_event", "event_id", "w4r_event.id"),
        foreign("event_case_case", "case_id", "w4r_case.id"),
        index("event_case_case", "case_id", "event_id"),
    )

    event_id: Mapped[int] = mapped_column(Id)
    case_id: Mapped[int] = mapped_column(Id)


class EventChange(Base):
    """One row a section, raised by every change that the public map would show: what was built before is old."""

    __tablename__ = "w4r_event_change"
    __table_args__ = (primary("event_change", "section"),)

    section: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
