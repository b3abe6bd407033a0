"""Signs of life of the worker."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, primary
from .types import UTCDateTime


class WorkerSign(Base):
    """When a worker last did something. One row for all of them."""

    __tablename__ = "w4r_worker_sign"
    __table_args__ = (primary("worker_sign", "name"),)

    name: Mapped[str] = mapped_column(String(32))
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
