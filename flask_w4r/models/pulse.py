"""Numbers by the hour, kept apart from the rows so that the desk need not count a million of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, index, one_of, primary
from .types import UTCDateTime

PULSE_METRICS = (
    "opened", "submitted", "mailed", "confirmed", "held", "pending", "released", "invalid",
    "net_host", "net_site", "net_block", "domain", "reason",
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
