"""Emails of supporters to those in power, the drip in which they leave, and replies counted by hand."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

EMAIL_STATES = ("pending", "confirmed", "sent", "refused", "cancelled", "erased")


class TargetEmail(Base):
    """One supporter's email to one target of one case. Nothing here joins it to the same person's other acts.

    ``held_at`` is a flag beside the state, as with signatures: what is held leaves once it is released.
    """

    __tablename__ = "w4r_email"
    __table_args__ = (
        primary("email", "id"),
        foreign("email_case", "case_id", "w4r_case.id", ondelete="RESTRICT"),
        unique("email_case_target_email", "case_id", "target_key", "email_index"),
        index("email_waiting", "section", "state", "leaves_at", "case_id", "target_key"),
        index("email_section_held", "section", "held_at", "id"),
        index("email_mailbox", "section", "mailbox", "leaves_at"),
        index("email_ages", "state", "updated_at"),
        one_of("email_state", "state", EMAIL_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id)
    #: Which of the case's targets, by name: see ``services.emails.targets.target_key``.
    target_key: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    #: Raised when someone writes again while pending; the confirmation link belongs to one version.
    version: Mapped[int] = mapped_column(Integer, default=1)
    #: Scope: this case. ``None`` once erased.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Sealed JSON: first_name, last_name, email, consent.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    #: Sealed JSON: subject and body as they leave; what was prepared, where they differ; target: whom it was written to.
    words: Mapped[str | None] = mapped_column(EncryptedText)
    #: It says something else than what was prepared.
    edited: Mapped[bool] = mapped_column(Boolean, default=False)
    #: The desk chose it to be quoted in a digest.
    chosen: Mapped[bool] = mapped_column(Boolean, default=False)
    locale: Mapped[str] = mapped_column(String(16))
    #: The language of its words, which may be another than its writer's.
    text_locale: Mapped[str] = mapped_column(String(16))
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    held_for: Mapped[str | None] = mapped_column(String(32))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    #: The mailbox that it leaves for, as a hash; and since when it stands in the outbox.
    mailbox: Mapped[str | None] = mapped_column(String(32))
    leaves_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EmailDrip(Base):
    """How emails drip into one mailbox of a target. Whoever lets one leave holds this row."""

    __tablename__ = "w4r_email_drip"
    __table_args__ = (primary("email_drip", "section", "mailbox"),)

    section: Mapped[str] = mapped_column(String(32))
    #: A hash of the target's address, which is public: several cases may write to one mailbox.
    mailbox: Mapped[str] = mapped_column(String(32))
    #: Not before then.
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Nothing leaves until the desk says so, since the mailbox refused one; and what its server said: codes alone.
    paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_for: Mapped[str | None] = mapped_column(String(200))


class EmailReply(Base):
    """Replies that came to the section, as staff counted them."""

    __tablename__ = "w4r_email_reply"
    __table_args__ = (
        primary("email_reply", "id"),
        foreign("email_reply_case", "case_id", "w4r_case.id"),
        index("email_reply_case", "case_id", "on_date"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id)
    count: Mapped[int] = mapped_column(Integer)
    on_date: Mapped[date] = mapped_column(Date)
    actor_id: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
