"""What came of telling others: how many, by case, source and day."""

from datetime import date

from sqlalchemy import BigInteger, Date, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary
from .types import Id

SHARE_KINDS = ("visit", "action")


class ShareCount(Base):
    """How often something came of a source on one day. Numbers only: nothing in it is about a person."""

    __tablename__ = "w4r_share_count"
    __table_args__ = (
        primary("share_count", "case_id", "day", "source", "variant", "kind"),
        foreign("share_count_case", "case_id", "w4r_case.id"),
        index("share_count_section", "section", "day"),
        one_of("share_count_kind", "kind", SHARE_KINDS),
    )

    section: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[int] = mapped_column(Id, autoincrement=False)
    #: Where the section is.
    day: Mapped[date] = mapped_column(Date)
    #: Of the section's ``share_sources``.
    source: Mapped[str] = mapped_column(String(32))
    #: Which text it came with; 0: the one made of name and demand, or none.
    variant: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    count: Mapped[int] = mapped_column(BigInteger)
