"""What public forms wrote down and the worker has not looked at yet."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, primary
from .types import EncryptedText, Id, UTCDateTime


class Intake(Base):
    """One press of a public form: all that was typed, and what only the request knew, sealed. Gone once processed."""

    __tablename__ = "w4r_intake"
    # No further index: rows are taken in the order of their ids, and few were set aside.
    __table_args__ = (primary("intake", "id"),)

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    #: Sealed JSON: ``sent`` (see ``services.intake.sent.Sent``) and ``values`` (the kind's own).
    sealed: Mapped[str] = mapped_column(EncryptedText)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: It could not be processed, and waits for staff.
    set_aside_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: Why, without any personal data.
    problem: Mapped[str | None] = mapped_column(String(200))
