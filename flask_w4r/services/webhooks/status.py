"""What waits for programs, for those who watch over the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...config_webhooks import Webhook
from ...keyring import Keyring
from ...models import MailStop, OutboxMail
from ...seam import Finding
from ...state import W4RState
from ..mail import outbox
from ..storage.unit_of_work import read
from .events import lane
from .send import stop_name

#: Seconds after which a message that waits is worth telling.
LATE = 900


@dataclass(frozen=True)
class Waiting:
    """What waits for one program.

    :ivar name: the webhook's.
    :ivar waiting: messages.
    :ivar failed: messages that are not tried any more.
    :ivar oldest_seconds: how old the oldest is that waits.
    :ivar trouble: what it did last where it is left alone for a while, without personal data; else empty.
    """

    name: str
    waiting: int
    failed: int
    oldest_seconds: int
    trouble: str = ""

    @property
    def is_late(self) -> bool:
        """Whether staff should be told."""
        return bool(self.failed or (self.waiting and (self.trouble or self.oldest_seconds > LATE)))

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return asdict(self)


def waiting(session: Session, keyring: Keyring, hooks: Sequence[Webhook], *, now: datetime) -> list[Waiting]:
    """What waits for each of some programs, in their order."""
    if not hooks:
        return []
    lanes = {lane(hook.name): hook.name for hook in hooks}
    counted = session.execute(
        select(OutboxMail.cap_index, OutboxMail.state, func.count(), func.min(OutboxMail.created_at))
        .where(OutboxMail.cap_index.in_(lanes), OutboxMail.state.in_(("queued", "failed")), ~outbox.is_mail())
        .group_by(OutboxMail.cap_index, OutboxMail.state)
    )
    found = {(lanes[bytes(row[0] or b"")], row[1]): (int(row[2]), row[3]) for row in counted}
    names = [stop_name(hook.name) for hook in hooks]
    stops = {row.name: row.fault for row in session.scalars(select(MailStop).where(MailStop.name.in_(names)))}
    result = []
    for hook in hooks:
        count, oldest = found.get((hook.name, "queued"), (0, None))
        failed, _ = found.get((hook.name, "failed"), (0, None))
        age = max(0, int((now - oldest).total_seconds())) if oldest else 0
        trouble = stops.get(stop_name(hook.name), "").removeprefix(f"{hook.name}: ")
        result.append(Waiting(hook.name, count, failed, age, trouble if count else ""))
    return result


def check(app: Any, state: W4RState) -> Iterator[Finding]:
    """For ``flask w4r doctor``."""
    hooks = state.hooks.webhooks
    if not hooks:
        return
    now = state.clock()
    for one in read(app, lambda session: waiting(session, state.keyring, hooks, now=now)):
        why = f" ({one.trouble})" if one.trouble else ""
        if one.failed:
            text = f"{one.name}: {one.failed} messages were given up; retry them with 'flask w4r mail send --failed'"
            yield Finding("error", "webhooks", text)
        if one.waiting and (one.oldest_seconds > LATE or one.trouble):
            level = "error" if one.oldest_seconds > LATE else "warn"
            words = f"{one.name}: {one.waiting} messages wait, the oldest for {one.oldest_seconds} s{why}"
            yield Finding(level, "webhooks", f"{words}; see docs/crm")
        elif not one.failed:
            yield Finding("ok", "webhooks", f"{one.name}: no message has been waiting long")
