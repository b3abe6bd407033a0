"""RSVPs: asked for, confirmed by mail, changed and cancelled by link, and the waiting list.

Every function is one transaction of its own (``run(app, lambda work: rsvps.confirm(work.session, ...))``). Each takes
the event's row first; each returns a :class:`Done` that says what became of the party and who else was offered a seat.
Mails are rows of the outbox, written in the same transaction: a process killed in between leaves all or nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import EventFull
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ..moderation.judgement import releases_itself
from . import mail
from .ask import COMING, LARGEST_PARTY, Done, Guest, ask, email_scope, insist_on_size, offer_on
from .seats import OFFER_HOLDS, fits, give_back, join_list, leave_list, lock_event, lock_rsvp, someone_waits

__all__ = [
    "COMING", "LARGEST_PARTY", "Done", "Guest", "accept", "ask", "cancel", "change", "confirm", "email_scope",
    "expire", "offer_free_seats", "release",
]  # fmt: skip


def confirm(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    rsvp_id: int,
    version: int,
    *,
    hold_at: int | None = None,
    now: datetime,
) -> Done:
    """The mailbox was proved: the party goes, or joins the waiting list. Pressing twice changes nothing.

    :param version: the version that the link was made for.
    :param hold_at: the score that holds; a party held only for want of a captcha is released by this proof. ``None``:
        what is held stays held.
    """
    event, row = _both(session, section, event_id, rsvp_id)
    if event is None or row is None:
        return Done(rsvp_id, event_id, "gone")
    if row.state in COMING:
        return Done(row.id, event_id, "already")
    if row.version != version or row.state != "pending" or event.state != "published" or event.starts_at <= now:
        return Done(rsvp_id, event_id, "gone")
    if row.held_at is not None and hold_at is not None and releases_itself(row.reasons, row.score, hold_at):
        row.held_at = None
    row.confirmed_at = row.updated_at = now
    row.due_at = None
    row.sequence += 1
    if row.seats_held:
        event.pending_seats -= row.seats_held
        row.state = "going"
    elif row.held_at is None and event.closed_at is None and _is_free(session, event, row.party_size):
        event.seats_taken += row.party_size
        row.seats_held = row.party_size
        row.state = "going"
    else:
        join_list(session, event, row, now)
    offered = offer_on(session, keyring, section, event, now=now)
    # Where seats had been free for somebody in its place, it was offered them just now, by mail.
    if row.state != "offered":
        mail.enqueue(session, keyring, section, event, row, f"rsvp_{row.state}", now=now)
    return Done(row.id, event_id, row.state, offered)


def accept(session: Session, keyring: Keyring, section: Section, event_id: int, rsvp_id: int, *, now: datetime) -> Done:
    """Take an offered seat. One that ended is gone, even while the worker has not swept it yet."""
    event, row = _both(session, section, event_id, rsvp_id)
    if event is None or row is None:
        return Done(rsvp_id, event_id, "gone")
    if row.state == "going":
        return Done(row.id, event_id, "already")
    if (
        row.state != "offered"
        or event.state != "published"
        or min(row.due_at or event.starts_at, event.starts_at) <= now
    ):
        return Done(row.id, event_id, "gone")
    row.state, row.due_at = "going", None
    # They said again that they come, and the mail that says so stands for the reminders that were due by now.
    row.confirmed_at = row.updated_at = now
    row.sequence += 1
    mail.enqueue(session, keyring, section, event, row, "rsvp_going", now=now)
    return Done(row.id, event_id, "going")


def change(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    rsvp_id: int,
    party_size: int,
    *,
    access_needs: str | None = None,
    access_consent: bool | None = None,
    now: datetime,
) -> Done:
    """Come with more or fewer. A waiting party that grows goes to the end of the list.

    :raises EventFull: there are not so many seats; nothing was changed.
    :raises BadValue: the party has no size that there is.
    """
    insist_on_size(party_size)
    event, row = _both(session, section, event_id, rsvp_id)
    if event is None or row is None or row.state not in COMING or event.state != "published" or event.starts_at <= now:
        return Done(rsvp_id, event_id, "gone")
    more = party_size - row.party_size
    if more > 0 and (event.closed_at is not None or (event.capacity is not None and party_size > event.capacity)):
        raise EventFull
    if row.seats_held and more > 0:
        if not _is_free(session, event, more):
            raise EventFull
        event.seats_taken += more
        row.seats_held += more
    elif row.seats_held and more < 0:
        give_back(event, row, -more)
    elif more > 0:
        join_list(session, event, row, now)
    row.party_size, row.updated_at = party_size, now
    row.sequence += 1
    if access_needs is not None:
        person = keyring.open_json(row.person) if row.person else {}
        row.person = keyring.seal_json({**person, "access_needs": access_needs})
    if access_consent is not None:
        row.access_consent = access_consent
    offered = offer_on(session, keyring, section, event, now=now)
    if row.state == "going" and more:
        mail.enqueue(session, keyring, section, event, row, "rsvp_changed", now=now)
    return Done(row.id, event_id, "changed", offered)


def cancel(session: Session, keyring: Keyring, section: Section, event_id: int, rsvp_id: int, *, now: datetime) -> Done:
    """Come no more, or decline an offer. Its seats go to the waiting list. Twice is once."""
    event, row = _both(session, section, event_id, rsvp_id)
    if event is None or row is None or row.state in ("cancelled", "expired"):
        return Done(rsvp_id, event_id, "gone")
    was = row.state
    give_back(event, row)
    leave_list(event, row)
    row.state, row.due_at, row.updated_at = "cancelled", None, now
    row.version += 1
    row.sequence += 1
    offered = offer_on(session, keyring, section, event, now=now)
    if was == "going":
        mail.enqueue(session, keyring, section, event, row, "rsvp_cancelled", now=now)
    return Done(row.id, event_id, "cancelled", offered)


def expire(session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime) -> Done:
    """Sweep one event: unconfirmed claims and offers that ended give back their seats, which are offered on.

    A pending party stays pending: it claims seats when it confirms, if there are any then. While the desk looks at the
    event nobody can take an offer, so it holds on; :func:`offer_free_seats` makes it anew.
    """
    event = lock_event(session, section, event_id)
    if event is None:
        return Done(0, event_id, "gone")
    due = session.scalars(
        select(Rsvp)
        .where(Rsvp.event_id == event_id, Rsvp.state.in_(("pending", "offered")), Rsvp.due_at <= now)
        .order_by(Rsvp.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in due:
        row.due_at, row.updated_at = None, now
        if row.state == "offered" and event.state == "submitted":
            continue
        give_back(event, row)
        if row.state == "offered":
            row.state = "expired"
            row.version += 1
            mail.enqueue(session, keyring, section, event, row, "rsvp_expired", now=now)
    return Done(0, event_id, "changed", offer_on(session, keyring, section, event, now=now))


def release(
    session: Session, keyring: Keyring, section: Section, event_id: int, rsvp_id: int, *, now: datetime
) -> Done:
    """What the checks held is let go: a confirmed party stands in the list where it would have stood."""
    event, row = _both(session, section, event_id, rsvp_id)
    if event is None or row is None or row.held_at is None:
        return Done(rsvp_id, event_id, "gone")
    row.held_at, row.updated_at = None, now
    if row.state == "waitlisted":
        event.waiting += 1
    return Done(row.id, event_id, "released", offer_on(session, keyring, section, event, now=now))


def offer_free_seats(session: Session, keyring: Keyring, section: Section, event: Event, *, now: datetime) -> list[int]:
    """After the host raised the capacity or takes guests again, or the desk lets a changed event go on: the event is
    locked by the caller."""
    if event.state == "published" and event.starts_at > now:
        stopped = select(Rsvp).where(Rsvp.event_id == event.id, Rsvp.state == "offered", Rsvp.due_at.is_(None))
        for row in session.scalars(stopped.with_for_update().execution_options(populate_existing=True)).all():
            row.due_at, row.updated_at = min(now + OFFER_HOLDS, event.starts_at), now
            row.version += 1
            mail.enqueue(session, keyring, section, event, row, "rsvp_offer", now=now)
    return offer_on(session, keyring, section, event, now=now)


def _is_free(session: Session, event: Event, seats: int) -> bool:
    return fits(event, seats) and not someone_waits(session, event)


def _both(session: Session, section: Section, event_id: int, rsvp_id: int) -> tuple[Event | None, Rsvp | None]:
    event = lock_event(session, section, event_id)
    row = lock_rsvp(session, rsvp_id) if event is not None else None
    return event, row if row is not None and row.event_id == event_id else None
