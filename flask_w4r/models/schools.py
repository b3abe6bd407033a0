"""Schools that take part, their classes, and what pupils said of themselves."""

from datetime import date, datetime

from sqlalchemy import JSON, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

SCHOOL_STATES = ("unconfirmed", "submitted", "approved", "rejected")


class School(Base):
    """A school, or another group of young people, and the teacher who brings it. The desk lets it in."""

    __tablename__ = "w4r_school"
    __table_args__ = (
        primary("school", "id"),
        foreign("school_edition", "edition_id", "w4r_edition.id"),
        index("school_held", "section", "held_at", "id"),
        index("school_edition", "edition_id", "state"),
        index("school_email", "email_index"),
        one_of("school_state", "state", SCHOOL_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    edition_id: Mapped[int] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    town: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    #: How many pupils take part, by its teacher's word: no more are counted by class links.
    size: Mapped[int] = mapped_column(Integer)
    #: The cases that the teacher chose, by id.
    cases: Mapped[list[int]] = mapped_column(JSON)
    locale: Mapped[str] = mapped_column(String(16))
    #: The teacher: name and address.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    #: Scope: the section's schools.
    email_index: Mapped[bytes | None] = mapped_column(BlindIndex)
    #: A link to the teacher's page holds for one version.
    link_version: Mapped[int] = mapped_column(Integer, default=1)
    score: Mapped[int] = mapped_column(Integer, default=0)
    reasons: Mapped[list[dict[str, object]]] = mapped_column(JSON)
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class SchoolClass(Base):
    """A class with a link of its own. What its pupils did is counted here too, so that names can go and numbers stay."""

    __tablename__ = "w4r_school_class"
    __table_args__ = (
        primary("school_class", "id"),
        foreign("school_class_school", "school_id", "w4r_school.id"),
        unique("school_class_code", "code_index"),
        index("school_class_school", "school_id"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    school_id: Mapped[int] = mapped_column(Id)
    #: What the teacher calls it, and the code of its link.
    secret: Mapped[str] = mapped_column(EncryptedText)
    #: Scope: the section's classes.
    code_index: Mapped[bytes] = mapped_column(BlindIndex)
    size: Mapped[int] = mapped_column(Integer)
    #: Pupils that count.
    people: Mapped[int] = mapped_column(Integer, default=0)
    #: Actions that count: ``{case_id: {"2026-12-04": 28}}``
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Pupil(Base):
    """One press by the link of a class, so that its teacher can take it back; with first name and age, sealed, where they were told.

    Without them it goes within days. What it added is counted in the class and in the tally, and stays there.
    """

    __tablename__ = "w4r_pupil"
    __table_args__ = (
        primary("pupil", "id"),
        foreign("pupil_class", "class_id", "w4r_school_class.id"),
        index("pupil_class", "class_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    class_id: Mapped[int] = mapped_column(Id)
    #: First name and age.
    person: Mapped[str | None] = mapped_column(EncryptedText)
    #: The cases that it counts for, by id, and the section's day that it counts on; unknown of presses before revision 0020.
    cases: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    day: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
