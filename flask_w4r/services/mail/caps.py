"""Who gets no mail, and how many mails an address gets in a day.

Neither ever changes an answer to a visitor: they only stop mail, silently.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import OutboxMail, Suppression
from ...models.mail import SUPPRESSION_REASONS
from ...sections import Section
from ..storage.rows import execute
from ..storage.upsert import insert_ignore

#: Mails of all capped kinds together that one address gets in a UTC day.
DAILY_CAP = 3


def cap_index(secret: bytes, section: Section, canonical: str) -> bytes:
    """Return what a day's mails to one address are counted under.

    :param secret: the day's secret, so that no two days can be joined.
    :param section: the section that writes.
    :param canonical: the address in canonical form.
    """
    return hmac.digest(secret, f"mail-cap|{section.code}|{canonical}".encode(), hashlib.sha256)


def is_suppressed(session: Session, keyring: Keyring, section: Section, canonical: str) -> bool:
    """Whether the address gets no mail from the section."""
    found = session.execute(
        select(Suppression.reason).where(
            Suppression.section == section.code, Suppression.address_index == _index(keyring, section, canonical)
        )
    ).first()
    return found is not None


def suppress(
    session: Session, keyring: Keyring, section: Section, canonical: str, reason: str, *, now: datetime
) -> bool:
    """Send the address no mail from the section any more.

    :param canonical: the address in canonical form.
    :param reason: ``not_me``, ``bounced`` or ``blocked``.
    :returns: whether this is new.
    """
    if reason not in SUPPRESSION_REASONS:
        raise ValueError(f"{reason!r} is not one of {', '.join(SUPPRESSION_REASONS)}")
    values = {
        "section": section.code,
        "address_index": _index(keyring, section, canonical),
        "reason": reason,
        "created_at": now,
    }
    return insert_ignore(session, Suppression.__table__, values)


def unblock(session: Session, keyring: Keyring, section: Section, canonical: str) -> None:
    """Let an address that staff blocked have mail again; what its owner or their mail server said stands."""
    session.execute(
        delete(Suppression).where(
            Suppression.section == section.code,
            Suppression.address_index == _index(keyring, section, canonical),
            Suppression.reason == "blocked",
        )
    )


def mails_today(session: Session, index: bytes, *, worker: str, now: datetime) -> tuple[int, int]:
    """Count an address's mails of the day.

    :param index: from :func:`cap_index`.
    :param worker: the one who asks: its own claims are left out.
    :returns: how many were sent, and how many other workers are sending now.
    """
    leaving = and_(OutboxMail.state == "queued", OutboxMail.lease_until > now, OutboxMail.claimed_by != worker)
    row = session.execute(
        select(
            func.coalesce(func.sum(case((OutboxMail.state == "sent", 1), else_=0)), 0),
            func.coalesce(func.sum(case((leaving, 1), else_=0)), 0),
        ).where(OutboxMail.cap_index == index, or_(OutboxMail.state == "sent", leaving))
    ).one()
    return int(row[0]), int(row[1])


def answered(session: Session, index: bytes, kind: str) -> None:
    """Whoever answers a mail is no stranger's victim: the day's mails to the address count no more, and those
    of a kind that wait for the cap leave at once.

    :param index: from :func:`cap_index`, of the day.
    """
    execute(
        session,
        update(OutboxMail).where(OutboxMail.cap_index == index, OutboxMail.state == "sent").values(cap_index=None),
    )
    waiting = update(OutboxMail).where(
        OutboxMail.cap_index == index, OutboxMail.state == "queued", OutboxMail.kind == kind
    )
    execute(session, waiting.values(not_before=OutboxMail.created_at))


def next_day(now: datetime) -> datetime:
    """A moment in the first hours of the next UTC day, at random, lest all that waited leave at midnight."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight + timedelta(seconds=random.uniform(60, 7200))


def _index(keyring: Keyring, section: Section, canonical: str) -> bytes:
    return keyring.blind(f"suppression|{section.code}", canonical)
