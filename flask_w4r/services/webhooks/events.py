"""What a program is to be told, written down in the transaction of the act that it is about."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ...config_webhooks import PLAIN, Webhook
from ...keyring import Keyring
from ...models import OutboxMail
from ...sections import Section
from ..mail import outbox
from ..storage.unit_of_work import UnitOfWork
from ..storage.upsert import insert_missing

KIND = "webhook"


def lane(name: str) -> bytes:
    """What the rows of one webhook are found by.

    :param name: the webhook's.
    """
    # By no key, so that what waits is found when the index key changes.
    return hashlib.sha256(f"webhook|{name}".encode()).digest()


def person_marks(keyring: Keyring, hook: Webhook, section: Section, canonical: str) -> dict[str, Any]:
    """What a program knows somebody by, from one message to the next; no two programs know them by the same.

    :param canonical: the address in canonical form.
    :returns: ``person``, 32 hex digits, and where the index key has changed ``formerly``: by which it may know them still.
    """
    marks = keyring.blinds(f"webhook-person|{hook.name}|{section.code}", canonical)
    new, *older = [mark.hex()[:32] for mark in marks]
    return {"person": new, **({"formerly": older} if older else {})}


def tell_of_person(
    session: Session,
    keyring: Keyring,
    hooks: Sequence[Webhook],
    section: Section,
    event: str,
    canonical: str,
    data: Mapping[str, Any],
    *,
    now: datetime,
) -> int:
    """Write down that programs are told something of a person. What waits of the same event for the same person goes.

    :param hooks: those that are asked whether they want it.
    :param canonical: whom it is about: an address in canonical form.
    :param data: JSON values; ``person`` is added.
    :returns: how many are told.
    """
    wanted = [hook for hook in hooks if hook.wants(event, section.code)]
    waits = {hook: recall(session, keyring, hook, section, event, canonical) for hook in wanted}
    rows = [
        {
            **_row(
                keyring, hook, section, event, {**person_marks(keyring, hook, section, canonical), **data},
                now=now, dedupe=_matters(keyring, hook, section, event, canonical)[0],
            ),
            # What it was not told before it has waited for since then.
            "created_at": waits[hook] or now,
        }
        for hook in wanted
    ]  # fmt: skip
    insert_missing(session, OutboxMail.__table__, rows)
    return len(rows)


def recall(
    session: Session, keyring: Keyring, hook: Webhook, section: Section, event: str, canonical: str
) -> datetime | None:
    """Take back what a program was not told yet of a person.

    :returns: since when it waited, where the program certainly was not told; else ``None``.
    """
    return outbox.recall(session, _matters(keyring, hook, section, event, canonical))


def tell_signals(work: UnitOfWork, emitted: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Write down the signals of a transaction for the programs that want them: ids, never personal data.

    :param emitted: names and what was sent with each; see ``seam.Capability.told``.
    """
    state, rows = work.state, []
    for hook in state.hooks.webhooks:
        for name, ids in emitted:
            section = state.sections.get(str(ids.get("section", "")))
            if section is not None and name in PLAIN and hook.wants(name, section.code):
                data = {key: _plain(value) for key, value in ids.items() if key != "section"}
                rows.append(_row(state.keyring, hook, section, name, data, now=state.clock(), dedupe=None))
    if rows:
        insert_missing(work.session, OutboxMail.__table__, rows)


def _row(
    keyring: Keyring,
    hook: Webhook,
    section: Section,
    event: str,
    data: Mapping[str, Any],
    *,
    now: datetime,
    dedupe: bytes | None,
) -> dict[str, Any]:
    message = {
        "type": event,
        "timestamp": now.isoformat(),
        "sequence": _place(now),
        "section": section.code,
        "data": dict(data),
    }
    return outbox.outbox_values(
        keyring, section, KIND, section.default_locale, hook.name, message, now=now,
        cap_index=lane(hook.name), cap_day=None, dedupe=dedupe,
    )  # fmt: skip


def _matters(keyring: Keyring, hook: Webhook, section: Section, event: str, canonical: str) -> tuple[bytes, ...]:
    return keyring.blinds(f"webhook-matter|{hook.name}|{section.code}|{event}", canonical)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


_lock = threading.Lock()
_last = 0


def _place(now: datetime) -> int:
    """Where a message stands among others: microseconds since 1970, and never the same or less twice in a process."""
    global _last
    with _lock:
        _last = max(int(now.timestamp() * 1_000_000), _last + 1)
        return _last
