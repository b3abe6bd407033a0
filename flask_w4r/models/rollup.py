"""What sections and the centre tell one another, signed: what was sent, whose keys are trusted, what was taken.

Of these tables ``w4r_signed`` and ``w4r_feed_entry`` are a section's; the others are the site's, and their ``sender`` is the code
of a section that may be anywhere in the world.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, one_of, primary
from .types import Id, LongText, UTCDateTime

PART_STATES = ("counted", "waiting")
KEY_USES = ("tally", "feed")
ENTRY_STATES = ("applied", "waiting", "accepted", "dismissed")


class SignedDocument(Base):
    """The newest document of a kind that a section signed, with the number that the next one must exceed."""

    __tablename__ = "w4r_signed"
    __table_args__ = (primary("signed", "section", "kind"), one_of("signed_kind", "kind", KEY_USES))

    section: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    sequence: Mapped[int] = mapped_column(BigInteger)
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The whole document as JSON, ready to be served.
    document: Mapped[str] = mapped_column(LongText)


class RollupKey(Base):
    """A public key that speaks for a section. Once revoked it is never trusted again."""

    __tablename__ = "w4r_rollup_key"
    __table_args__ = (
        primary("rollup_key", "sender", "key_id", "used_for"),
        index("rollup_key_id", "key_id"),
        one_of("rollup_key_used_for", "used_for", KEY_USES),
    )

    sender: Mapped[str] = mapped_column(String(32))
    #: Hash of the public key, in hex.
    key_id: Mapped[str] = mapped_column(String(32))
    used_for: Mapped[str] = mapped_column(String(16))
    #: In base64url. Empty where a key was revoked before anybody knew it.
    public_key: Mapped[str] = mapped_column(String(64))
    #: It stands in a list that the root signed; else somebody here said so.
    is_from_root: Mapped[bool] = mapped_column(Boolean)
    trusted_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class RollupPart(Base):
    """What a section said of one edition: the numbers that count, and newer ones that wait for a person."""

    __tablename__ = "w4r_rollup_part"
    __table_args__ = (
        primary("rollup_part", "sender", "edition", "sequence"),
        index("rollup_part_edition", "edition", "state"),
        one_of("rollup_part_state", "state", PART_STATES),
    )

    sender: Mapped[str] = mapped_column(String(32))
    edition: Mapped[str] = mapped_column(String(16))
    sequence: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    key_id: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    as_of: Mapped[datetime] = mapped_column(UTCDateTime)
    expires: Mapped[datetime] = mapped_column(UTCDateTime)
    total: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Witness(Base):
    """How far something signed was followed, so that an older one of it is known for old: the root's list of keys, the feed."""

    __tablename__ = "w4r_witness"
    __table_args__ = (primary("witness", "name"),)

    name: Mapped[str] = mapped_column(String(32))
    sequence: Mapped[int] = mapped_column(BigInteger)
    #: SHA-256 of what was signed, in hex: two of one number must be the same.
    digest: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When it was last there and in order.
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: When it was last asked for, and what was wrong with the answer; empty where nothing was.
    tried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    problem: Mapped[str] = mapped_column(String(200))


class FeedEntry(Base):
    """News of a case that the centre signed, as one section took it."""

    __tablename__ = "w4r_feed_entry"
    __table_args__ = (
        primary("feed_entry", "id"),
        index("feed_entry_name", "section", "name", unique=True),
        index("feed_entry_state", "section", "state"),
        one_of("feed_entry_state", "state", ENTRY_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    #: What the centre calls it: the same for ever.
    name: Mapped[str] = mapped_column(String(64))
    edition: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(80))
    change: Mapped[str] = mapped_column(String(16))
    happened_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(500))
    #: ``{"texts": {locale: {field: words}}, "target": {...}}``: what a change of words brings.
    brings: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    taken_at: Mapped[datetime] = mapped_column(UTCDateTime)
    #: The host's id of who accepted or dismissed it.
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
