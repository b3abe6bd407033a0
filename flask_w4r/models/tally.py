"""Counts that many writers raise without waiting for each other."""

from datetime import date

from sqlalchemy import BigInteger, Date, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary
from .types import BlindIndex, Id

SLOTS = 16
#: Who says that something was done: this system saw it, whoever did it says so, or the section counted it by hand.
SOURCES = ("counted", "self_reported", "section_counted")
#: Whether more is expected of a number, and whether it took the place of one that counted.
STATUSES = ("interim", "final", "corrected")
#: The day of what has none, as people, and of what was counted before days were.
NO_DAY = date(1970, 1, 1)


class TallySlot(Base):
    """A sixteenth of a count. A case's count of one action type, source, status and day is the sum over its slots.

    ``case_id`` 0 with type ``people`` holds the edition's number of people.
    """

    __tablename__ = "w4r_tally"
    __table_args__ = (
        primary("tally", "edition_id", "case_id", "action_type", "source", "status", "day", "slot"),
        foreign("tally_edition", "edition_id", "w4r_edition.id"),
        index("tally_section", "section"),
        one_of("tally_source", "source", SOURCES),
        one_of("tally_status", "status", STATUSES),
    )

    section: Mapped[str] = mapped_column(String(32))
    edition_id: Mapped[int] = mapped_column(Id)
    case_id: Mapped[int] = mapped_column(Id, autoincrement=False)
    action_type: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    #: On the section's clock.
    day: Mapped[date] = mapped_column(Date)
    slot: Mapped[int] = mapped_column(SmallInteger, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)


class EditionPerson(Base):
    """Somebody who acted in an edition: a keyed hash and nothing else, so that people can be counted."""

    __tablename__ = "w4r_edition_person"
    __table_args__ = (
        primary("edition_person", "edition_id", "person_index"),
        foreign("edition_person_edition", "edition_id", "w4r_edition.id"),
    )

    section: Mapped[str] = mapped_column(String(32))
    edition_id: Mapped[int] = mapped_column(Id)
    #: Scope: section and edition.
    person_index: Mapped[bytes] = mapped_column(BlindIndex)
