"""Signatures that wait in the queue, and what its form calls them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_w4r.testing import make_signatures
from tests.conftest import Host
from tests.moderation.conftest import Staff

QUEUE = "/au/moderation/queue"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WHY = [{"check": "disposable_domain", "score": 50, "hold": True}, {"check": "too_fast", "score": 20, "hold": False}]
Make = Callable[..., Staff]


def hold(desk: Host, count: int = 3, **columns: Any) -> list[int]:
    """Held signatures, a minute apart."""
    values = {"held_at": lambda number: START + timedelta(minutes=number), "reasons": WHY, "score": 70, **columns}
    return make_signatures(desk.app, "ann-example", count, section="AU", **values)


def items(ids: list[int]) -> list[str]:
    return [f"signature:{number}" for number in ids]
