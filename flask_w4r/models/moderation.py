"""What the desk decides and how it defends: rules, live limits, lockdowns, and batches that can be undone."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, foreign, index, one_of, primary, unique
from .types import BlindIndex, EncryptedText, Id, UTCDateTime

RULE_EFFECTS = ("block", "allow")
RULE_KINDS = ("network", "seen_network", "domain", "address", "country")
LOCKDOWN_LEVELS = ("normal", "cautious", "closed")
BATCH_KINDS = ("decision", "invalidation")
#: ``draft``: previewed, not begun. ``waiting``: a second person must approve.
BATCH_STATES = ("draft", "waiting", "queued", "running", "done", "cancelled", "undo_queued", "undoing", "undone")
BATCH_ROW_STATES = ("applied", "undone", "skipped")
#: Stands for the whole section where a case may be named.
WHOLE_SECTION = 0


class Rule(Base):
    """An entry of a section's allow or block list. What it matches is sealed: it may be somebody's address."""

    __tablename__ = "w4r_rule"
    __table_args__ = (
        primary("rule", "id"),
        unique("rule_same", "section", "kind", "value_index"),
        one_of("rule_effect", "effect", RULE_EFFECTS),
        one_of("rule_kind", "kind", RULE_KINDS),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    effect: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(16))
    #: A CIDR, a domain glob, an address, a country code. ``seen_network``: what the desk showed, as
    #: ``<day>/<tier>/<hex>``, which ends with that day's key.
    value: Mapped[str] = mapped_column(EncryptedText)
    #: Keyed hash of the value, so that none stands twice.
    value_index: Mapped[bytes] = mapped_column(BlindIndex)
    #: Why, in the moderator's words.
    note: Mapped[str | None] = mapped_column(EncryptedText)
    #: The day whose key a ``seen_network`` was hashed under; the rule goes with it.
    net_day: Mapped[date | None] = mapped_column(Date)
    actor_id: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LiveLimit(Base):
    """A limit that the desk set in place of the configured one."""

    __tablename__ = "w4r_live_limit"
    __table_args__ = (primary("live_limit", "section", "case_id", "name"),)

    section: Mapped[str] = mapped_column(String(32))
    #: 0 for the whole section.
    case_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    name: Mapped[str] = mapped_column(String(32))
    #: Such as ``30/minute; 300/hour``.
    value: Mapped[str] = mapped_column(String(100))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Lockdown(Base):
    """How guarded a section, or one case, is now."""

    __tablename__ = "w4r_lockdown"
    __table_args__ = (
        primary("lockdown", "section", "case_id"),
        one_of("lockdown_level", "level", LOCKDOWN_LEVELS),
    )

    section: Mapped[str] = mapped_column(String(32))
    #: 0 for the whole section.
    case_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    level: Mapped[str] = mapped_column(String(16))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DeskState(Base):
    """One row a section, which every process looks at every two seconds: has anything at the desk changed?"""

    __tablename__ = "w4r_desk_state"
    __table_args__ = (primary("desk_state", "section"),)

    section: Mapped[str] = mapped_column(String(32))
    #: Raised by every change of rules, limits and lockdowns.
    version: Mapped[int] = mapped_column(BigInteger)
    #: What is usual here, worked out by the worker: ``{"case": {"17": per_hour}, "domain": {"gmail.com": per_hour}}``.
    usual: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: When the worker last counted.
    counted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    #: The UTC day whose log head was mailed last.
    head_mailed_on: Mapped[date | None] = mapped_column(Date)


class Batch(Base):
    """An act on many rows that can be taken back: a moderator's decision, or an invalidation run by the worker."""

    __tablename__ = "w4r_batch"
    __table_args__ = (
        primary("batch", "id"),
        index("batch_section", "section", "id"),
        index("batch_state", "state", "id"),
        one_of("batch_kind", "kind", BATCH_KINDS),
        one_of("batch_state", "state", BATCH_STATES),
    )

    id: Mapped[int] = mapped_column(Id, autoincrement=True)
    section: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    #: ``approve`` or ``reject`` for decisions, ``invalidate`` for invalidations.
    act: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(100))
    #: The second person, above a thousand rows.
    approved_by: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(EncryptedText)
    #: Sealed JSON: which rows. Names and addresses may be among the conditions.
    conditions: Mapped[str | None] = mapped_column(EncryptedText)
    #: What the preview counted.
    expected: Mapped[int] = mapped_column(Integer, default=0)
    #: Rows looked at, changed, given back, and left alone by the undo since they had changed or were erased.
    scanned: Mapped[int] = mapped_column(Integer, default=0)
    applied: Mapped[int] = mapped_column(Integer, default=0)
    undone: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[int] = mapped_column(Integer, default=0)
    #: The last row id looked at; ``last_id`` is where the run ends.
    cursor: Mapped[int] = mapped_column(BigInteger, default=0)
    last_id: Mapped[int] = mapped_column(BigInteger, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class BatchRow(Base):
    """One row that a batch changed: what it was, and how it was left."""

    __tablename__ = "w4r_batch_row"
    __table_args__ = (
        primary("batch_row", "batch_id", "kind", "item_id"),
        foreign("batch_row_batch", "batch_id", "w4r_batch.id"),
        index("batch_row_item", "kind", "item_id"),
        one_of("batch_row_state", "state", BATCH_ROW_STATES),
    )

    batch_id: Mapped[int] = mapped_column(Id, autoincrement=False)
    #: ``signature``, ``message``, ``event`` or ``report``.
    kind: Mapped[str] = mapped_column(String(16))
    item_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    #: The columns that were changed, as they were: no personal data among them.
    former: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The row's ``updated_at`` and ``version`` as the batch left it: another value means that it changed since.
    left_at: Mapped[datetime] = mapped_column(UTCDateTime)
    left_version: Mapped[int] = mapped_column(Integer)


PULSE_METRICS = (
    "opened", "submitted", "mailed", "confirmed", "held", "pending", "released", "invalid",
    "net_host", "net_site", "net_block", "domain", "reason", "domain_confirmed", "domain_pending",
    "held_confirmed",
)  # fmt: skip


ALERT_METRICS = ("submitted", "held", "net_host", "net_site", "net_block", "domain")


class Pulse(Base):
    """How many of something in one hour. Counts only: no person can be found in it."""

    __tablename__ = "w4r_pulse"
    __table_args__ = (
        primary("pulse", "section", "hour", "case_id", "metric", "key"),
        one_of("pulse_metric", "metric", PULSE_METRICS),
    )

    section: Mapped[str] = mapped_column(String(32))
    #: The hour's first moment.
    hour: Mapped[datetime] = mapped_column(UTCDateTime)
    #: 0 for what belongs to no single case.
    case_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    metric: Mapped[str] = mapped_column(String(16))
    #: A listed domain, a check's name, ``<day>/<hex>`` of a network; empty for plain counts.
    key: Mapped[str] = mapped_column(String(100))
    count: Mapped[int] = mapped_column(Integer)


class Alert(Base):
    """A count that was far outside its own history."""

    __tablename__ = "w4r_alert"
    __table_args__ = (
        primary("alert", "section", "hour", "case_id", "metric", "key"),
        index("alert_section_raised", "section", "raised_at"),
        one_of("alert_metric", "metric", ALERT_METRICS),
    )

    section: Mapped[str] = mapped_column(String(32))
    hour: Mapped[datetime] = mapped_column(UTCDateTime)
    case_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    metric: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(100))
    count: Mapped[int] = mapped_column(Integer)
    #: The most that its own history makes likely.
    usual: Mapped[int] = mapped_column(Integer)
    raised_at: Mapped[datetime] = mapped_column(UTCDateTime)
