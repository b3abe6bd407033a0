"""Whether a mail that a stranger could cause leaves now, by what its address has had today."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from ...seam import Ask, Seam
from .caps import DAILY_CAP, Today
from .faults import pause_after

#: Later than any moment of today.
TOMORROW = datetime.max.replace(tzinfo=UTC)


def waits_until(seam: Seam, ask: Ask, today: Today, accepted: Counter[str], now: datetime) -> datetime | None:
    """Until when a capped mail waits.

    :param today: what its address has had.
    :param accepted: what else is to leave for it in this very round, by kind.
    :returns: ``None``: it leaves; :data:`TOMORROW`: its address has had what it may today.
    """
    name, owners = ask.kind, seam.mail_owners
    kind = seam.mails[name]

    def mine(counts: Counter[str]) -> int:
        alike = (count for other, count in counts.items() if owners[other] == owners[name])
        return sum(alike) if today.answered else counts.total()

    most = kind.answered if today.answered else DAILY_CAP
    if mine(today.sent) >= most:
        return TOMORROW
    last = today.unanswered.get(name)
    apart = kind.apart(ask) if kind.apart is not None and not today.answered else None
    if apart is not None and (last is not None or accepted[name]) and (last or now) + apart > now:
        return (last or now) + apart
    if mine(today.sent) + mine(today.leaving) + mine(accepted) >= most:
        # Another worker, or this very round, is at it; look again when it is done.
        return now + pause_after(1) / 10
    return None
