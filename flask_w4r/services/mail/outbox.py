"""The outbox: mails are written down with what they are about, and leave later.

Recipient and parameters are sealed, and wiped once a mail left or was dropped. Two workers never hold the same row:
a claim is a conditional UPDATE with a lease, and a lease that ran out (the worker was killed) may be claimed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import MailStop, OutboxMail
from ...seam import Sweep
from ...sections import Section
from ..storage import ages
from ..storage.rows import can_skip_locked, execute
from ..storage.upsert import insert_ignore, insert_missing

#: Kinds that go out once and never again for the same matter: their ``dedupe`` stays until the row is purged.
ONCE_ONLY = frozenset({"reminder", "desk_alert"})
#: Kinds that go to a program. They are no mail, and leave by a job of their own (``webhooks.send``).
TO_PROGRAMS = frozenset({"webhook"})
#: The row of ``w4r_mail_stop`` that is about the mail server.
MAIL = "mail"
_TABLE = OutboxMail.__table__
_WIPED: Mapping[str, Any] = {"recipient": None, "params": None, "claimed_by": None, "lease_until": None}


def outbox_values(
    keyring: Keyring,
    section: Section,
    kind: str,
    locale: str,
    recipient: str,
    params: Mapping[str, Any],
    *,
    now: datetime,
    cap_index: bytes | None,
    cap_day: date | None,
    dedupe: bytes | None,
    not_before: datetime | None = None,
) -> dict[str, Any]:
    """Return the columns of a new outbox row, sealed, for :func:`enqueue` or a statement of one's own.

    :param recipient: the address as typed.
    :param params: JSON values. ``confirm`` and ``reminder``: ``signatures`` (``[[id, version], ...]``), or ``cases``
        (ids; the address' pending signatures on them are looked up when the mail leaves) and for a shared mailbox
        ``name`` (folded). ``already_signed``: ``cases``.
    :param cap_index: from :func:`~flask_w4r.services.mail.caps.cap_index`.
    :param cap_day: the UTC day whose secret made it.
    :param dedupe: 32 bytes that name the matter; two queued mails never share them. ``None``: no such rule.
    :param not_before: the mail stays until then.
    """
    return {
        "section": section.code,
        "kind": kind,
        "locale": locale,
        "state": "queued",
        "recipient": keyring.seal(recipient),
        "params": keyring.seal_json(dict(params)),
        "cap_index": cap_index,
        "cap_day": cap_day,
        "dedupe": dedupe,
        "message_id": secrets.token_hex(16),
        "not_before": not_before or now,
        "attempts": 0,
        "created_at": now,
    }


def enqueue(session: Session, values: Mapping[str, Any], *, replace: bool = False) -> bool:
    """Put a mail in the outbox, unless one for the same matter waits there.

    :param values: from :func:`outbox_values`.
    :param replace: a mail that waits is replaced by this one. Were it just being handed over, this one still goes
        out after it.
    :returns: whether this mail stands in the outbox now.
    """
    fresh = {key: value for key, value in values.items() if key not in ("created_at", "dedupe", "section", "kind")}
    # The mail in the way may leave between the two statements; then the next round inserts.
    for _ in range(3):
        if insert_ignore(session, _TABLE, values):
            return True
        if not replace:
            return False
        waiting = update(OutboxMail).where(
            OutboxMail.dedupe == values["dedupe"], OutboxMail.state.in_(("queued", "failed"))
        )
        if execute(session, waiting.values(**fresh, claimed_by=None, lease_until=None, last_error=None)):
            return True
    return False


def _due(now: datetime) -> Any:
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    return and_(OutboxMail.state == "queued", OutboxMail.not_before <= now, free)


def is_due(session: Session, now: datetime) -> bool:
    """Whether any mail waits to be sent now, and its server is not left alone for a while."""
    paused = exists().where(MailStop.name == MAIL, MailStop.until > now)
    return session.execute(select(OutboxMail.id).where(_due(now), is_mail(), ~paused).limit(1)).first() is not None


def is_program_due(session: Session, now: datetime) -> bool:
    """Whether anything waits to be handed to a program now."""
    return session.execute(select(OutboxMail.id).where(_due(now), ~is_mail()).limit(1)).first() is not None


def is_mail() -> Any:
    """A condition: the row goes to a mailbox."""
    return OutboxMail.kind.not_in(TO_PROGRAMS)


def sent_since(session: Session, moment: datetime, *, most: int) -> int:
    """How many mails came due after a moment and left, counted up to ``most``."""
    left = select(OutboxMail.id).where(OutboxMail.state == "sent", OutboxMail.not_before > moment).limit(most)
    return len(session.scalars(left).all())


def claim(
    session: Session,
    worker: str,
    *,
    batch: int,
    lease_seconds: float,
    now: datetime,
    newest: bool = False,
    lane: bytes | None = None,
) -> Sequence[OutboxMail]:
    """Take up to ``batch`` due mails for ``worker``. Nobody else has them until the lease runs out.

    :param newest: those that came due last, in place of the oldest.
    :param lane: in place of mails what goes to one program, by its ``cap_index``.
    """
    order = (OutboxMail.not_before, OutboxMail.id)
    mine = is_mail() if lane is None else and_(OutboxMail.cap_index == lane, ~is_mail())
    wanted = select(OutboxMail.id).where(_due(now), mine).limit(batch)
    wanted = wanted.order_by(*(column.desc() if newest else column for column in order))
    wanted = wanted.with_for_update(skip_locked=can_skip_locked(session))
    ids = session.scalars(wanted).all()
    if not ids:
        return ()
    execute(
        session,
        update(OutboxMail)
        .where(OutboxMail.id.in_(ids), _due(now))
        .values(claimed_by=worker, lease_until=now + timedelta(seconds=lease_seconds)),
    )
    return held(session, worker, ids)


def held(session: Session, worker: str, ids: Sequence[int]) -> Sequence[OutboxMail]:
    """The rows among ``ids`` that ``worker`` holds, locked, oldest first."""
    return session.scalars(
        select(OutboxMail)
        .where(OutboxMail.id.in_(ids), OutboxMail.claimed_by == worker, OutboxMail.state == "queued")
        .order_by(OutboxMail.not_before, OutboxMail.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def release(session: Session, worker: str, ids: Sequence[int]) -> None:
    """Give rows back that were claimed and not tried."""
    mine = update(OutboxMail).where(
        OutboxMail.id.in_(ids), OutboxMail.claimed_by == worker, OutboxMail.state == "queued"
    )
    execute(session, mine.values(claimed_by=None, lease_until=None))


def enqueue_all(session: Session, rows: Sequence[Mapping[str, Any]], *, replace: bool = True) -> None:
    """Put many mails in the outbox, each in place of the one that waits for the same matter, if one does.

    :param rows: from :func:`outbox_values`, all with a ``dedupe``; of those alike the last stands.
    :param replace: else the one that waits stands.
    """
    last = {row["dedupe"]: row for row in rows}
    if not last:
        return
    # In one order everywhere, so that two workers do not wait for each other in a ring.
    ordered = [last[dedupe] for dedupe in sorted(last)]
    if insert_missing(session, _TABLE, ordered) == len(ordered) or not replace:
        return
    there = dict(
        session.execute(select(OutboxMail.dedupe, OutboxMail.message_id).where(OutboxMail.dedupe.in_(last))).all()
    )
    for row in ordered:
        if there.get(row["dedupe"]) != row["message_id"]:
            enqueue(session, row, replace=True)


def recall(session: Session, dedupes: Sequence[bytes]) -> datetime | None:
    """Take back what waits for a matter, or failed.

    :param dedupes: what the matter may be known by.

    :returns: since when it waited, where nobody tried to hand it over; else ``None``.
    """
    mine = (OutboxMail.dedupe.in_(dedupes), OutboxMail.state.in_(("queued", "failed")))
    columns = (OutboxMail.created_at, OutboxMail.attempts, OutboxMail.claimed_by)
    row = session.execute(select(*columns).where(*mine).with_for_update()).first()
    if row is None:
        return None
    execute(session, update(OutboxMail).where(*mine).values(**_WIPED, state="dropped", dedupe=None))
    return row.created_at if row.attempts == 0 and row.claimed_by is None else None


def record_sent(session: Session, rows: Sequence[Mapping[str, Any]], worker: str, *, now: datetime) -> set[int]:
    """Note that mails were handed over, and wipe what they said.

    :param rows: ``id section kind locale message_id cap_index cap_day attempts created_at`` of each mail.
    :returns: the ids of those whose row was still the worker's. Where a newer mail took its place meanwhile, the one
        that left is written down beside it, so that it counts against the cap.
    """
    ids = [row["id"] for row in rows]
    locked = select(OutboxMail.id).where(
        OutboxMail.id.in_(ids), OutboxMail.claimed_by == worker, OutboxMail.state == "queued"
    )
    mine = set(session.scalars(locked.order_by(OutboxMail.id).with_for_update()))
    done: dict[str, Any] = {**_WIPED, "state": "sent", "sent_at": now, "last_error": None}
    once = mine & {row["id"] for row in rows if row["kind"] in ONCE_ONLY}
    for some, values in ((once, done), (mine - once, {**done, "dedupe": None})):
        if some:
            execute(session, update(OutboxMail).where(OutboxMail.id.in_(sorted(some))).values(**values))
    for row in rows:
        if row["id"] not in mine:
            left = {key: row[key] for key in row if key != "id"}
            insert_ignore(session, _TABLE, {**left, "state": "sent", "sent_at": now})
    return mine


def record_dropped(session: Session, ids: Sequence[int], worker: str) -> None:
    """Note that mails will not be sent, and wipe them."""
    mine = update(OutboxMail).where(OutboxMail.id.in_(ids), OutboxMail.claimed_by == worker)
    execute(session, mine.values(**_WIPED, state="dropped", dedupe=None))


def record_failure(
    session: Session, row_id: int, worker: str, *, attempts: int, error: str, not_before: datetime | None
) -> None:
    """Note a failed try.

    :param error: says what went wrong without any personal data.
    :param not_before: when to try again; ``None``: never by itself.
    """
    values: dict[str, Any] = {"attempts": attempts, "last_error": error[:200], "claimed_by": None, "lease_until": None}
    values |= {"state": "failed"} if not_before is None else {"not_before": not_before}
    mine = update(OutboxMail).where(
        OutboxMail.id == row_id, OutboxMail.claimed_by == worker, OutboxMail.state == "queued"
    )
    execute(session, mine.values(**values))


def requeue_failed(session: Session, *, now: datetime) -> int:
    """Give every failed mail its tries again. Returns how many there were."""
    failed = update(OutboxMail).where(OutboxMail.state == "failed", OutboxMail.recipient.is_not(None))
    return execute(session, failed.values(state="queued", attempts=0, not_before=now))


def over(sweep: Sweep) -> Any:
    """What left, was dropped or failed longer ago than its record is kept."""
    past = func.coalesce(OutboxMail.sent_at, OutboxMail.not_before)
    done = OutboxMail.state.in_(("sent", "dropped", "failed"))
    return and_(done, ages.over(sweep, "sent_mail_days", OutboxMail.section, lambda moment: past < moment))


def let_go(session: Session, sweep: Sweep, ids: Sequence[int]) -> int:
    """Delete records of mails. Returns how many went."""
    # One that failed may just have got its tries again.
    return execute(session, delete(OutboxMail).where(OutboxMail.id.in_(ids), OutboxMail.state != "queued"))
