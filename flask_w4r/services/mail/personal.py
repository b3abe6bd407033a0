"""What the outbox holds of an address; see ``seam.Holds``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...i18n import gettext, lazy_gettext, long_date
from ...i18n import number as count
from ...keyring import Keyring
from ...models import OutboxMail
from ...seam import Held, Holds, Seam
from ...sections import Section
from ..people.addresses import canonical_of
from ..people.networks import known_secrets
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from . import caps

#: A mail is known by its day's key, which is kept so long.
_DAYS = 14


def _mine(session: Session, keyring: Keyring, section: Section, canonical: str, today: date) -> list[bytes]:
    secrets = known_secrets(session, keyring, today - timedelta(days=_DAYS))
    return [caps.cap_index(secret, section, canonical) for secret in secrets]


def show(session: Session, keyring: Keyring, lens: Any, canonical: str, seam: Seam) -> list[Held]:
    """The mails of the last days, by kind: what they said is wiped once they left."""
    indexes = _mine(session, keyring, lens.section, canonical, lens.now.date())
    query = select(OutboxMail.kind, func.date(OutboxMail.sent_at), func.count()).where(
        OutboxMail.cap_index.in_(indexes), OutboxMail.state == "sent"
    )
    by_kind: dict[str, dict[str, int]] = {}
    by_words: dict[str, Counter[str]] = {}
    for kind, day, number in session.execute(query.group_by(OutboxMail.kind, func.date(OutboxMail.sent_at))):
        by_kind.setdefault(kind, {})[str(day)] = int(number)
        words = str(seam.mails[kind].words) if kind in seam.mails else kind
        by_words.setdefault(words, Counter())[str(day)] += int(number)
    held = [
        Held(
            words,
            words,
            [(long_date(date.fromisoformat(day)), count(number)) for day, number in sorted(days.items())],
            {},
        )
        for words, days in sorted(by_words.items())
    ]
    # For programs by kind, in one piece.
    return [replace(held[0], data={"sent": by_kind}), *held[1:]] if held else []


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """No mail is known as one to the address any more. Those on their way are looked through by :data:`OUTBOX`'s ``forget``, and
    dropped when their turn comes first."""
    indexes = _mine(work.session, work.state.keyring, section, canonical, work.state.clock().date())
    sent = update(OutboxMail).where(OutboxMail.cap_index.in_(indexes), OutboxMail.state != "queued")
    return execute(work.session, sent.values(cap_index=None, cap_day=None))


def addresses(
    session: Session, keyring: Keyring, section: Section, after: int, limit: int
) -> list[tuple[int, str, datetime]]:
    """To whom mail is on its way, in the order of its numbers."""
    query = select(OutboxMail.id, OutboxMail.recipient, OutboxMail.created_at).where(
        OutboxMail.section == section.code, OutboxMail.id > after, OutboxMail.recipient.is_not(None)
    )
    rows = session.execute(query.order_by(OutboxMail.id).limit(limit))
    return [(number, canonical_of(keyring.open(sealed or "")), created) for number, sealed, created in rows]


def forget(work: UnitOfWork, ids: Sequence[int]) -> int:
    """Mails that are on their way do not leave."""
    waiting = update(OutboxMail).where(OutboxMail.id.in_(ids), OutboxMail.state.in_(("queued", "failed")))
    wiped = {
        "recipient": None,
        "params": None,
        "dedupe": None,
        "cap_index": None,
        "claimed_by": None,
        "lease_until": None,
    }
    return execute(work.session, waiting.values(state="dropped", **wiped))


def show_suppression(session: Session, keyring: Keyring, lens: Any, canonical: str) -> list[Held]:
    """That no mail goes to the address, and why."""
    found = caps.suppression_of(session, keyring, lens.section, canonical)
    if found is None:
        return []
    since = long_date(found.created_at)
    return [
        Held(
            found.reason, gettext("We send no email to this address"), [(gettext("Since"), since)],
            {"reason": found.reason, "since": found.created_at.isoformat()},
        )
    ]  # fmt: skip


OUTBOX = Holds(
    "mails",
    lazy_gettext("Emails of the last two weeks"),
    show,
    erase,
    addresses=addresses,
    forget=forget,
    asks_seam=True,
)
SUPPRESSION = Holds("suppression", lazy_gettext("Emails you do not get"), show_suppression)
