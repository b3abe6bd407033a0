"""Who gets no mail, and how many mails an address gets in a day.

Neither ever changes an answer to a visitor: they only stop mail, silently.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import OutboxMail, Suppression
from ...models.mail import SUPPRESSION_REASONS
from ...sections import Section
from ..storage.rows import execute
from ..storage.upsert import insert_ignore

#: Reasons that only the owner of an address can take back.
OWNERS_WORD = frozenset({"not_me"})
#: Mails of all capped kinds together that an address gets in a UTC day while it answers none.
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
    return bool(suppressed_among(session, keyring, [(section, canonical)]))


def suppressed_among(session: Session, keyring: Keyring, asked: Iterable[tuple[Section, str]]) -> set[tuple[str, str]]:
    """Which addresses get no mail.

    :param asked: sections, and addresses in canonical form.
    :returns: section codes and addresses.
    """
    indexes = {
        index: (section.code, canonical)
        for section, canonical in asked
        for index in _indexes(keyring, section, canonical)
    }
    found = session.execute(
        select(Suppression.section, Suppression.address_index).where(Suppression.address_index.in_(indexes))
    )
    return {indexes[bytes(row[1])] for row in found if indexes[bytes(row[1])][0] == row[0]}


def suppression_of(session: Session, keyring: Keyring, section: Section, canonical: str) -> Suppression | None:
    """Why, and since when, an address gets no mail; ``None``: it gets mail.

    :param canonical: the address in canonical form.
    """
    mine = (Suppression.section == section.code, Suppression.address_index.in_(_indexes(keyring, section, canonical)))
    query = select(Suppression).where(*mine).order_by(Suppression.created_at).execution_options(populate_existing=True)
    return session.scalars(query).first()


def suppress(
    session: Session, keyring: Keyring, section: Section, canonical: str, reason: str, *, now: datetime
) -> bool:
    """Send the address no mail from the section any more. What its owner says stands above what staff or servers said.

    :param canonical: the address in canonical form.
    :param reason: ``not_me``, ``bounced`` or ``blocked``.
    :returns: whether this is new.
    """
    insist(reason in SUPPRESSION_REASONS, "reason", f"be one of {', '.join(SUPPRESSION_REASONS)}")
    if keyring.has_earlier:
        _bring_forward(session, keyring, section, canonical)
    values = {
        "section": section.code,
        "address_index": address_index(keyring, section, canonical),
        "reason": reason,
        "created_at": now,
    }
    if insert_ignore(session, Suppression.__table__, values):
        return True
    if reason in OWNERS_WORD:
        _change(session, keyring, section, canonical, update(Suppression).values(reason=reason, created_at=now))
    return False


def unblock(session: Session, keyring: Keyring, section: Section, canonical: str) -> None:
    """Let an address that staff blocked have mail again; what its owner or their mail server said stands."""
    _change(session, keyring, section, canonical, delete(Suppression).where(Suppression.reason == "blocked"))


def lift(session: Session, keyring: Keyring, section: Section, canonical: str) -> Suppression | None:
    """Let an address have mail again, unless its owner said that it shall have none.

    :param canonical: the address in canonical form.
    :returns: what was, or still is, in the way; ``None``: nothing.
    """
    found = suppression_of(session, keyring, section, canonical)
    if found is not None:
        session.expunge(found)
        _change(session, keyring, section, canonical, delete(Suppression))
    return found


def _change(session: Session, keyring: Keyring, section: Section, canonical: str, statement: Any) -> None:
    """Change what stands of an address, unless it is its owner's word."""
    mine = (
        Suppression.section == section.code,
        Suppression.address_index.in_(_indexes(keyring, section, canonical)),
    )
    execute(session, statement.where(*mine, Suppression.reason.not_in(OWNERS_WORD)))


@dataclass
class Today:
    """An address' mails of the day.

    :ivar sent: how many were, by kind.
    :ivar leaving: how many other workers are sending now, by kind.
    :ivar unanswered: when the last of a kind was sent that nobody answered.
    :ivar answered: whether its owner answered one.
    """

    sent: Counter[str] = field(default_factory=Counter)
    leaving: Counter[str] = field(default_factory=Counter)
    unanswered: dict[str, datetime] = field(default_factory=dict)
    answered: bool = False


def mails_today(session: Session, indexes: Collection[bytes], *, worker: str, now: datetime) -> dict[bytes, Today]:
    """Count some addresses' mails of the day.

    :param indexes: from :func:`cap_index`.
    :param worker: the one who asks: its own claims are left out.
    :returns: nothing of who had and has none.
    """
    leaving = and_(OutboxMail.state == "queued", OutboxMail.lease_until > now, OutboxMail.claimed_by != worker)
    unanswered = case((OutboxMail.answered_at.is_(None), OutboxMail.sent_at))
    rows = session.execute(
        select(
            OutboxMail.cap_index,
            OutboxMail.kind,
            func.coalesce(func.sum(case((OutboxMail.state == "sent", 1), else_=0)), 0),
            func.coalesce(func.sum(case((leaving, 1), else_=0)), 0),
            func.max(unanswered),
            func.count(OutboxMail.answered_at),
        )
        .where(OutboxMail.cap_index.in_(indexes), or_(OutboxMail.state == "sent", leaving))
        .group_by(OutboxMail.cap_index, OutboxMail.kind)
    )
    found: dict[bytes, Today] = {}
    for index, kind, sent, others, last, answers in rows:
        today = found.setdefault(bytes(index), Today())
        today.sent[kind], today.leaving[kind] = int(sent), int(others)
        today.answered = today.answered or bool(answers)
        if last is not None:
            today.unanswered[kind] = last
    return found


def was_mailed(
    session: Session, section: Section, canonical: str, kinds: Collection[str], *, secrets: Collection[bytes]
) -> bool:
    """Whether a mail of some kinds went, or is to go, to an address.

    :param canonical: the address in canonical form.
    :param secrets: of the days that are asked about.
    """
    indexes = [cap_index(secret, section, canonical) for secret in secrets]
    found = session.connection().execute(_MAILED, {"indexes": indexes, "kinds": sorted(kinds)})
    return found.first() is not None


def answered(session: Session, section: Section, canonical: str, *, secret: bytes, now: datetime) -> None:
    """Whoever answers a mail is no stranger's victim: more of the day's mails may go to the address, and those that wait
    for its cap leave at once.

    :param canonical: the address in canonical form.
    :param secret: the day's.
    """
    values = {"index": cap_index(secret, section, canonical), "now": now}
    session.connection().execute(_ANSWERED, values)


_OUTBOX: Any = OutboxMail.__table__
_MAILED = (
    select(_OUTBOX.c.id)
    .where(
        _OUTBOX.c.cap_index.in_(bindparam("indexes", expanding=True)),
        _OUTBOX.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .limit(1)
)
_FIRST = and_(_OUTBOX.c.state == "sent", _OUTBOX.c.answered_at.is_(None))
_ANSWERED = (
    update(_OUTBOX)
    .where(_OUTBOX.c.cap_index == bindparam("index"), or_(_FIRST, _OUTBOX.c.state == "queued"))
    .values(
        answered_at=case((_FIRST, bindparam("now", type_=_OUTBOX.c.answered_at.type)), else_=_OUTBOX.c.answered_at),
        not_before=case((_OUTBOX.c.state == "queued", _OUTBOX.c.created_at), else_=_OUTBOX.c.not_before),
    )
)


def next_day(now: datetime) -> datetime:
    """A moment in the first hours of the next UTC day, at random, lest all that waited leave at midnight."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight + timedelta(seconds=random.uniform(60, 7200))


def address_index(keyring: Keyring, section: Section, canonical: str) -> bytes:
    return keyring.blind(f"suppression|{section.code}", canonical)


def _indexes(keyring: Keyring, section: Section, canonical: str) -> tuple[bytes, ...]:
    return keyring.blinds(f"suppression|{section.code}", canonical)


def _bring_forward(session: Session, keyring: Keyring, section: Section, canonical: str) -> None:
    """What stands of an address under an earlier index key is known by the newest from now on."""
    new, *older = _indexes(keyring, section, canonical)
    mine = (Suppression.section == section.code, Suppression.address_index.in_(older))
    for row in session.execute(select(Suppression.reason, Suppression.created_at).where(*mine).with_for_update()):
        values = {"section": section.code, "address_index": new, "reason": row.reason, "created_at": row.created_at}
        insert_ignore(session, Suppression.__table__, values)
        execute(session, delete(Suppression).where(*mine))
