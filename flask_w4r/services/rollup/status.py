"""How the feed is followed, for those who watch over the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...models import Witness
from ...seam import Finding
from ...state import W4RState
from ..storage.unit_of_work import read
from .feed import FEED
from .sums import waiting

#: A feed that is away for longer is worth telling.
LATE = timedelta(days=1)


@dataclass(frozen=True)
class FeedStatus:
    """How far the centre's feed was followed.

    :ivar seen_seconds: since it was last there and in order, or since it is missed; ``None``: nobody asked for it yet.
    :ivar problem: what was wrong with it when it was last asked for; ``away: ...`` where it was not there.
    """

    sequence: int
    seen_seconds: int | None
    problem: str
    is_expired: bool

    @property
    def is_refused(self) -> bool:
        """Somebody gave out a feed that is not in order."""
        return bool(self.problem) and not self.problem.startswith("away")

    @property
    def is_late(self) -> bool:
        """It has been away for longer than a day."""
        return self.seen_seconds is not None and self.seen_seconds > LATE.total_seconds()


def feed_status(session: Session, now: datetime) -> FeedStatus:
    """How the feed stands."""
    row = session.get(Witness, FEED)
    if row is None:
        return FeedStatus(0, None, "", False)
    seen = int((now - row.seen_at).total_seconds()) if row.seen_at else None
    return FeedStatus(row.sequence, seen, row.problem, row.expires is not None and row.expires <= now)


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    now = state.clock()
    if state.config.status_feed is not None:
        found = read(app, lambda session: feed_status(session, now))
        if found.is_refused:
            yield Finding(
                "error", "feed", f"the centre's feed is refused: {found.problem}; ask the centre, see docs/rollup"
            )
        elif found.is_expired:
            yield Finding(
                "error", "feed", "the centre's feed is over its time, and no newer one is there; ask the centre"
            )
        elif found.is_late:
            hours = (found.seen_seconds or 0) // 3600
            yield Finding(
                "warn",
                "feed",
                f"the centre's feed has not been there for {hours} hours ({found.problem or 'not asked for'})",
            )
        elif found.seen_seconds is None:
            yield Finding("warn", "feed", "the centre's feed was not asked for yet; is the worker running?")
        else:
            yield Finding("ok", "feed", f"the centre's feed is followed up to number {found.sequence}")
    for one in read(app, waiting):
        yield Finding(
            "warn", "rollup", f"{one.sender} {one.sequence} waits for a person; see 'flask w4r rollup waiting'"
        )
