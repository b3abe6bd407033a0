"""Words of solidarity to the person at risk."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

MESSAGE_STATES = ("pending", "submitted", "approved", "refused", "erased")


class Message(Base):
    """What one supporter wrote to the person of one case. No authority gets anything of it: it is in no petition, letter or
    delivery, and nothing of theirs is here.

    It counts while ``approved_at`` is set: an erased one whose owner had it counted goes on counting.
    """

    __tablename__ = "w4r_message"
    __table_args__ = (
        primary("message", "id"),
        foreign("message_case", "case_id", "w4r_case.id", ondelete="RESTRICT"),
        index("message_case_email", "case_id", "email_index"),
        index("message_section_held", "section", "held_at", "id"),
        index("message_case_state", "case_id", "state", "taken_at"),
        index("message_waiting", "state", "updated_at"),
        one_of("message_state", "state", MESSAGE_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    #: Raised when what waits for its mailbox is written anew; a link belongs to one version.
    version: Mapped[int] = mapped_column(Integer, default=1)
    #: Scope: this case. ``None`` where no address was asked for, and once it is erased.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Sealed: the message. ``None`` once it is gone.
    words: Mapped[str | None] = mapped_column(EncryptedText)
    #: Sealed JSON: name (as far as given), country, email.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    locale: Mapped[str] = mapped_column(String(16))
    #: The supporter lets it be shown on the case's page.
    public: Mapped[bool] = mapped_column(Boolean, default=False)
    #: The digest of the words that were agreed to; see ``w4r_consent_text``.
    consent_digest: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: Set while it waits for the desk.
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: What was found in it that weighs most, so that the queue can be filtered by it.
    held_for: Mapped[str | None] = mapped_column(String(32))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    score: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When its mailbox was proved, or when it was sent where none is asked for.
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When the desk put it on the case's page.
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When it was printed or passed on otherwise; all of one run have the same moment.
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
