"""Mail on its way out, and addresses that get none."""

from datetime import date, datetime

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

OUTBOX_STATES = ("queued", "sent", "dropped", "failed")
SUPPRESSION_REASONS = ("not_me", "bounced", "blocked")


class OutboxMail(Base):
    """One mail to hand over. Recipient and parameters are sealed, and wiped once it is sent or dropped."""

    __tablename__ = "w4r_outbox"
    __table_args__ = (
        primary("outbox", "id"),
        unique("outbox_dedupe", "dedupe"),
        index("outbox_due", "state", "not_before", "id"),
        index("outbox_cap", "cap_index", "state"),
        one_of("outbox_state", "state", OUTBOX_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str | None] = mapped_column(EncryptedText)
    params: Mapped[str | None] = mapped_column(EncryptedText)
    #: Hash of the address under ``cap_day``'s key: counts mails an address got that day, and joins no two days. Of what goes
    #: to a program: a hash of its name.
    cap_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    cap_day: Mapped[date | None] = mapped_column(Date)
    #: At most one queued mail for the same matter; ``None`` once it left.
    dedupe: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Left part of the Message-ID, fixed at creation so that a second hand-over is recognisable.
    message_id: Mapped[str] = mapped_column(String(64))
    not_before: Mapped[datetime] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The address answered that day: its owner reads what we send, so that more of it may come.
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Suppression(Base):
    """An address that gets no mail from a section: it said "not me", it bounced, or staff blocked it."""

    __tablename__ = "w4r_suppression"
    __table_args__ = (
        primary("suppression", "section", "address_index"),
        one_of("suppression_reason", "reason", SUPPRESSION_REASONS),
    )

    section: Mapped[str] = mapped_column(String(32))
    #: Scope: section.
    address_index: Mapped[bytes] = mapped_column(BlindIndex)
    reason: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Unsubscribed(Base):
    """An address that wants no mail which nobody just asked for. What it asks for still comes."""

    __tablename__ = "w4r_unsubscribed"
    __table_args__ = (primary("unsubscribed", "section", "address_index"),)

    section: Mapped[str] = mapped_column(String(32))
    #: Scope: section, and this matter alone.
    address_index: Mapped[bytes] = mapped_column(BlindIndex)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MailStop(Base):
    """Sending has stopped, since the mail server takes nothing or refuses most. One row, while that lasts; and one for each
    program that takes nothing."""

    __tablename__ = "w4r_mail_stop"
    __table_args__ = (primary("mail_stop", "name"),)

    name: Mapped[str] = mapped_column(String(32))
    #: Not reached, throttled or refused, and what it said last: an exception's class and SMTP codes.
    sort: Mapped[str] = mapped_column(String(16))
    fault: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    #: It is asked again then.
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    #: How often it was asked in vain.
    times: Mapped[int] = mapped_column(Integer)
