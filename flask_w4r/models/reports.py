"""Reports of what was done: by hosts of their events, by anybody, and by the section that counted its post."""

from datetime import date, datetime

from sqlalchemy import JSON, Boolean, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .tally import STATUSES
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

REPORT_STATES = ("unconfirmed", "submitted", "approved", "rejected", "replaced", "reversed")
#: Who reports: the host of an event; anybody by the form; the section's staff.
REPORT_ROLES = ("host", "person", "desk")
REPORT_SOURCES = ("self_reported", "section_counted")


class Report(Base):
    """What somebody says was done. Once approved it counts, unless what it tells counts by another report already.

    A host has one report an event. Of others' about the same event none counts while the host's does. Of a school's reports the
    newest counts.
    """

    __tablename__ = "w4r_report"
    __table_args__ = (
        primary("report", "id"),
        foreign("report_event", "event_id", "w4r_event.id"),
        foreign("report_school", "school_id", "w4r_school.id", ondelete="SET NULL"),
        unique("report_host", "hosted_id"),
        unique("report_digest", "section", "digest"),
        index("report_held", "section", "held_at", "id"),
        index("report_event", "event_id"),
        index("report_school", "school_id"),
        index("report_email", "email_index"),
        one_of("report_state", "state", REPORT_STATES),
        one_of("report_role", "role", REPORT_ROLES),
        one_of("report_source", "source", REPORT_SOURCES),
        one_of("report_status", "status", STATUSES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(16))
    event_id: Mapped[int | None] = mapped_column(Id)
    #: The event again where its host reports: one row an event.
    hosted_id: Mapped[int | None] = mapped_column(Id)
    #: The school whose teacher reports, of all that its classes' links did not count.
    school_id: Mapped[int | None] = mapped_column(Id)
    source: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    #: Whether its numbers stand in the tally.
    is_counted: Mapped[bool] = mapped_column(Boolean)
    people: Mapped[int] = mapped_column(Integer)
    #: ``{case_id: {"letter": 30, "card": 12, "petition_paper": 40}}``
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)
    on_date: Mapped[date | None] = mapped_column(Date)
    place: Mapped[str | None] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(EncryptedText)
    #: Who reports: name, address, language.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    #: Scope: the section's reports.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Keyed hash of what is told and by whom: the same once more is no second report.
    digest: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Of staff, who wrote it.
    actor_id: Mapped[str | None] = mapped_column(String(100))
    #: The report that it takes the place of.
    replaces_id: Mapped[int | None] = mapped_column(Id)
    score: Mapped[int] = mapped_column(Integer, default=0)
    reasons: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
