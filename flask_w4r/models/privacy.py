"""Who asked to be erased: what must be done again in a backup that is older."""

from datetime import datetime

from sqlalchemy import Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, primary, unique
from .types import BlindIndex, Id, UTCDateTime


class Erasure(Base):
    """One line of the ledger. It names nobody: an address is a keyed hash, of a scope of its own."""

    __tablename__ = "w4r_erasure"
    __table_args__ = (
        primary("erasure", "id"),
        unique("erasure_line", "line"),
        index("erasure_section", "section", "digest"),
        index("erasure_open", "settled_at", "id"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    #: What the line is called outside this database, so that a ledger that is put together again holds it once.
    line: Mapped[str] = mapped_column(String(32))
    section: Mapped[str] = mapped_column(String(32))
    #: ``all``, or what was left: ``signatures:17``.
    scope: Mapped[str] = mapped_column(String(200))
    #: Keyed hash of the address and the scope.
    digest: Mapped[bytes] = mapped_column(BlindIndex)
    #: What came to be later is not meant.
    erased_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: When nothing of it was left that had to be looked for: mails and forms on their way, and all of a restored backup.
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: It came from outside, so that all that is stored must be looked through for it.
    restored: Mapped[bool] = mapped_column(Boolean, default=False)
