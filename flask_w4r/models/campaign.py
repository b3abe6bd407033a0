"""Editions, cases and their texts, impact stories, totals by year: what a campaign says."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, Integer, LargeBinary, String
from sqlalchemy.dialects.mysql import LONGBLOB
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import Id, LongText, UTCDateTime

CASE_STATUSES = ("active", "closed", "freed", "withdrawn")
CASE_KINDS = ("person", "community", "organisation")


class Edition(Base):
    """One year's campaign in one section. ``year`` is the edition's label, not always the calendar year."""

    __tablename__ = "w4r_edition"
    __table_args__ = (primary("edition", "id"), unique("edition_section_year", "section", "year"))

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    year: Mapped[str] = mapped_column(String(16))
    titles: Mapped[dict[str, str]] = mapped_column(JSON)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    #: A demonstration: a banner says that nothing is delivered.
    is_demo: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Case(Base):
    """A person, community or organisation whose rights are violated, within one edition of one section."""

    __tablename__ = "w4r_case"
    __table_args__ = (
        primary("case", "id"),
        foreign("case_edition", "edition_id", "w4r_edition.id"),
        unique("case_edition_slug", "section", "edition_id", "slug"),
        index("case_section_slug", "section", "slug"),
        one_of("case_status", "status", CASE_STATUSES),
        one_of("case_kind", "kind", CASE_KINDS),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    edition_id: Mapped[int] = mapped_column(Id)
    slug: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(Integer, default=0)
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    kind: Mapped[str] = mapped_column(String(16))
    topics: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16))
    #: Set once the section changed the status itself: a later kit import then leaves it alone.
    status_is_local: Mapped[bool] = mapped_column(Boolean, default=False)
    status_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    goal: Mapped[int | None] = mapped_column(Integer)
    #: What else is to be reached, by type of action; ``goal`` is of signatures.
    goals: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    location: Mapped[str | None] = mapped_column(String(200))
    facts_as_of: Mapped[date] = mapped_column(Date)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    updates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    target: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: Who else is written to, each as ``target``.
    targets: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    solidarity: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The ways to act that are open, of :data:`~flask_w4r.topics.WAYS`; ``None``: all of them.
    ways: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    sensitive: Mapped[list[str]] = mapped_column(JSON)
    signer_warning: Mapped[bool] = mapped_column(Boolean, default=False)
    photo: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class CaseText(Base):
    """One text of a case in one locale: the centre's words beside the section's own. Shown: local, else base."""

    __tablename__ = "w4r_case_text"
    __table_args__ = (
        primary("case_text", "case_id", "locale", "field"),
        foreign("case_text_case", "case_id", "w4r_case.id"),
    )

    case_id: Mapped[int] = mapped_column(Id)
    locale: Mapped[str] = mapped_column(String(16))
    #: ``title summary demand petition story``, ``update:<on>``, or one of ``kits.way_texts``.
    field: Mapped[str] = mapped_column(String(40))
    centre_base: Mapped[str | None] = mapped_column(LongText)
    local: Mapped[str | None] = mapped_column(LongText)
    #: The centre's words that the section had before its eyes when it wrote its own, or last said that these stay.
    seen_base: Mapped[str | None] = mapped_column(LongText)

    @property
    def shown(self) -> str:
        """The section's own words where it has them."""
        return self.local if self.local is not None else (self.centre_base or "")

    @property
    def is_overtaken(self) -> bool:
        """Whether the centre's words changed since the section wrote its own."""
        return self.local is not None and self.seen_base != self.centre_base


class Picture(Base):
    """A portrait, re-encoded at import without metadata."""

    __tablename__ = "w4r_picture"
    __table_args__ = (
        primary("picture", "case_id", "width"),
        foreign("picture_case", "case_id", "w4r_case.id"),
    )

    case_id: Mapped[int] = mapped_column(Id)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb"))


class ImpactStory(Base):
    """What changed, told with figures that keep their unit."""

    __tablename__ = "w4r_impact"
    __table_args__ = (primary("impact", "id"), unique("impact_section_slug", "section", "slug"))

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    slug: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    edition: Mapped[str] = mapped_column(String(16))
    happened_on: Mapped[str] = mapped_column(String(10))
    outcome: Mapped[str] = mapped_column(String(20))
    figures: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    quotes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(String(500))
    source_title: Mapped[str] = mapped_column(String(300))
    #: ``{locale: {"title": ..., "summary": ..., "story": ...}}``
    texts: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON)


class YearTotal(Base):
    """The actions counted worldwide in one year, with what is known of the figure."""

    __tablename__ = "w4r_year_total"
    __table_args__ = (primary("year_total", "section", "year"),)

    section: Mapped[str] = mapped_column(String(32))
    year: Mapped[int] = mapped_column(Integer, autoincrement=False)
    total: Mapped[int] = mapped_column(BigInteger)
    qualifier: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(500))
