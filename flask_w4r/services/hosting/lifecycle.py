"""Events, from the host's form to the map: created, confirmed, published or rejected by the desk, edited, cancelled.

Each function is a part of the caller's transaction; it locks the event first (``lock_event``), and writes the mails it
brings about into the outbox. What changes the public map raises its version last.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from ...errors import BadValue, EventFull, NotFound, ProofReplayed
from ...keyring import Keyring
from ...models import Case, Event, EventCase, Rsvp, SpentProof
from ...sections import Section
from ..events import changes as event_changes
from ..events.views import as_shown
from ..moderation.judgement import Judgement
from ..rsvps import lifecycle as rsvps
from ..rsvps import mail as rsvp_mail
from ..rsvps.seats import lock_event
from ..storage.upsert import insert_ignore
from . import mail
from .draft import IN_TEXT, Draft, host_scope, is_big, is_moved, secret_of, slug_for

#: Parties who proved their address and have not given up.
COMING = ("going", "waitlisted", "offered")
#: States in which a host may change an event.
EDITABLE = ("submitted", "published", "rejected")
touch = event_changes.touch


@dataclass(frozen=True)
class Done:
    """What became of an event.

    ``outcome``: ``created confirmed already edited submitted published rejected cancelled closed opened gone``.
    ``told`` counts the guests who were written to; ``offered`` are RSVPs from the waiting list that got seats.
    """

    event_id: int
    outcome: str
    told: int = 0
    offered: Sequence[int] = ()


def create(
    session: Session, keyring: Keyring, section: Section, draft: Draft, judgement: Judgement, *, now: datetime
) -> Done:
    """Write down what somebody wants to host, and ask by mail whether it was them. Nobody sees it yet.

    :param judgement: what the checks made of the form; the desk reads it, since it looks at every event.
    :raises ProofReplayed: the captcha's solution was used before.
    :raises BadValue: the draft cannot be an event.
    """
    draft.check()
    if draft.host_address is None:
        raise BadValue("host_address", "be given")
    if judgement.proof is not None:
        proof = {"digest": judgement.proof, "expires_at": judgement.proof_expires_at}
        if not insert_ignore(session, SpentProof.__table__, proof):
            raise ProofReplayed
    event = Event(
        section=section.code,
        slug=slug_for(draft.title, draft.shown_to),
        uid=secrets.token_hex(16),
        sequence=0,
        state="unconfirmed",
        secret=keyring.seal_json(
            {**draft.place(), "host_name": draft.host_name, "host_email": draft.host_address.typed}
        ),
        host_index=keyring.blind(host_scope(section), draft.host_address.canonical),
        host_verified=False,
        host_version=1,
        locale=draft.locale,
        seats_taken=0,
        pending_seats=0,
        waiting=0,
        # A school says itself whom it lets in.
        closed_at=now if draft.kind == "school" else None,
        availability="open",
        availability_at=now,
        reasons=[*judgement.reasons, *draft.findings()],
        score=judgement.score,
        is_demo=False,
        version=1,
        created_at=now,
        updated_at=now,
        **draft.columns(section),
    )
    session.add(event)
    session.flush()
    _set_cases(session, section, event, draft.case_ids)
    mail.enqueue(session, keyring, section, event, "event_confirm", now=now)
    return Done(event.id, "created")


def confirm(
    session: Session, keyring: Keyring, section: Section, event_id: int, host_version: int, *, now: datetime
) -> Done:
    """The host's address was proved: the event waits for the desk. Pressing twice changes nothing."""
    event = lock_event(session, section, event_id)
    if event is None or event.host_version != host_version:
        return Done(event_id, "gone")
    if event.state != "unconfirmed":
        return Done(event_id, "already")
    event.state, event.held_at, event.updated_at = "submitted", now, now
    event.version += 1
    return Done(event_id, "confirmed")


def publish(session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime) -> Done:
    """The desk approves an event that waits for it. Guests it had before hear of a time or place that changed.

    :returns: ``published``, or ``gone`` where it does not wait (any more).
    """
    event = lock_event(session, section, event_id)
    if event is None or event.state != "submitted":
        return Done(event_id, "gone")
    event.state, event.held_at, event.updated_at = "published", None, now
    event.published_at = event.published_at or now
    event.approved = None
    event.version += 1
    told = _tell_of_move(session, keyring, section, event, now=now)
    offered = rsvps.offer_free_seats(session, keyring, section, event, now=now)
    mail.enqueue(session, keyring, section, event, "event_approved", now=now)
    touch(session, section, now)
    return Done(event_id, "published", told, offered)


def reject(session: Session, keyring: Keyring, section: Section, event_id: int, *, reason: str, now: datetime) -> Done:
    """The desk says no to an event that waits for it; its host is told why.

    One that was public before is cancelled, so that the guests it has hear of it; they and everybody read it as it was
    approved.

    :returns: ``rejected``, ``cancelled``, or ``gone`` where it does not wait (any more).
    """
    event = lock_event(session, section, event_id)
    if event is None or event.state != "submitted":
        return Done(event_id, "gone")
    told = 0
    if event.published_at is None:
        event.state, event.held_at, event.updated_at = "rejected", None, now
        event.version += 1
    else:
        told = _cancel(session, keyring, section, event, now=now)
        touch(session, section, now)
    mail.enqueue(session, keyring, section, event, "event_rejected", now=now, text=reason)
    return Done(event_id, event.state, told)


def _cancel(session: Session, keyring: Keyring, section: Section, event: Event, *, now: datetime) -> int:
    event.state, event.held_at, event.updated_at = "cancelled", None, now
    event.sequence += 1
    event.version += 1
    return tell(session, keyring, section, event, "event_cancelled", now=now)


def edit(session: Session, keyring: Keyring, section: Section, event_id: int, draft: Draft, *, now: datetime) -> Done:
    """The host changes an event. Who hosts it stays as it is.

    Another time or place: the guests are told. A big change (:func:`~flask_w4r.services.hosting.draft.is_big`): the desk
    looks again before anybody sees it, and the guests are told then.

    :raises EventFull: more seats are taken than there would be; nothing was changed.
    :raises BadValue: the draft cannot be an event.
    :returns: ``edited``, ``submitted`` or ``gone``.
    """
    draft.check()
    event = lock_event(session, section, event_id)
    # One that was called off and then hidden stays off: its guests were told.
    off = event is not None and event.state == "rejected" and event.published_at is not None
    if event is None or off or event.state not in EDITABLE or event.ends_at <= now:
        return Done(event_id, "gone")
    if draft.capacity is not None and event.seats_taken > draft.capacity:
        raise EventFull
    before, was_public = secret_of(event, keyring), event.state == "published"
    moved, findings = is_moved(event, before, draft), draft.findings()
    flagged = any(item.get("check") == IN_TEXT for item in event.reasons)
    # Words that the desk saw and let pass pass again, until the place that they may tell is another.
    new_place = any(before.get(key) != value for key, value in draft.place().items())
    looked_at = is_big(event, draft) or (bool(findings) and (new_place or not flagged))
    if draft.shown_to == "unlisted" and event.visibility != "unlisted":
        event.slug = slug_for(draft.title, "unlisted")
    if draft.kind == "school" and event.kind != "school":
        event.closed_at = event.closed_at or now
    if was_public and looked_at:
        event.approved = as_shown(event)
    kept = {key: before[key] for key in ("host_name", "host_email", "told") if key in before}
    event.secret = keyring.seal_json({**draft.place(), **kept})
    for name, value in draft.columns(section).items():
        setattr(event, name, value)
    # What the checks found of the form stays; what they find of the words is found anew.
    event.reasons = [item for item in event.reasons if item.get("check") != IN_TEXT] + findings
    event.updated_at = now
    event.version += 1
    event.sequence += 1 if moved else 0
    _set_cases(session, section, event, draft.case_ids)
    told, offered = 0, []
    if event.state == "rejected" or (was_public and looked_at):
        event.state, event.held_at = "submitted", now
    elif was_public:
        told = _tell_of_move(session, keyring, section, event, now=now)
        offered = rsvps.offer_free_seats(session, keyring, section, event, now=now)
    if was_public:
        touch(session, section, now)
    return Done(event_id, "submitted" if event.state == "submitted" else "edited", told, offered)


def close(session: Session, keyring: Keyring, section: Section, event_id: int, closed: bool, *, now: datetime) -> Done:
    """The host takes no more guests, or takes them again. Who has a seat keeps it."""
    event = lock_event(session, section, event_id)
    if event is None or event.state not in ("submitted", "published") or event.ends_at <= now:
        return Done(event_id, "gone")
    if (event.closed_at is not None) == closed:
        return Done(event_id, "already")
    event.closed_at, event.updated_at = (now if closed else None), now
    event.version += 1
    offered = [] if closed else rsvps.offer_free_seats(session, keyring, section, event, now=now)
    if event.state == "published":
        touch(session, section, now)
    return Done(event_id, "closed" if closed else "opened", 0, offered)


def cancel(session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime) -> Done:
    """The event does not take place: everybody who wanted to come is told. Twice is once."""
    event = lock_event(session, section, event_id)
    if event is None or event.state not in ("submitted", "published") or event.ends_at <= now:
        return Done(event_id, "gone")
    told = _cancel(session, keyring, section, event, now=now)
    if event.published_at is not None:
        touch(session, section, now)
    return Done(event_id, "cancelled", told)


def _tell_of_move(session: Session, keyring: Keyring, section: Section, event: Event, *, now: datetime) -> int:
    """Tell the guests of a time or place that they were not told yet: up to which change they know is kept."""
    secret = secret_of(event, keyring)
    if secret.get("told", 0) == event.sequence:
        return 0
    event.secret = keyring.seal_json({**secret, "told": event.sequence})
    return tell(session, keyring, section, event, "event_changed", now=now)


def tell(
    session: Session,
    keyring: Keyring,
    section: Section,
    event: Event,
    kind: str,
    *,
    now: datetime,
    states: Sequence[str] = COMING,
    text: str | None = None,
) -> int:
    """Write to every party of an event that is in one of these states. Returns how many there are.

    :param kind: of :data:`~flask_w4r.services.rsvps.mail.KINDS`.
    """
    rows = session.scalars(
        select(Rsvp).where(Rsvp.event_id == event.id, Rsvp.state.in_(states), Rsvp.confirmed_at.is_not(None))
    ).all()
    for row in rows:
        rsvp_mail.enqueue(session, keyring, section, event, row, kind, now=now, text=text)
    return len(rows)


def find(session: Session, section: Section, event_id: int) -> Event:
    """The event, to read only.

    :raises NotFound: the section has no such event.
    """
    event = session.scalars(select(Event).where(Event.id == event_id, Event.section == section.code)).first()
    if event is None:
        raise NotFound("event")
    return event


def case_ids(session: Session, event_id: int) -> list[int]:
    """The cases an event writes for."""
    return list(session.scalars(select(EventCase.case_id).where(EventCase.event_id == event_id).order_by("case_id")))


def _set_cases(session: Session, section: Section, event: Event, wanted: Sequence[int]) -> None:
    known = session.scalars(select(Case.id).where(Case.section == section.code, Case.id.in_(list(wanted)))).all()
    session.execute(delete(EventCase).where(EventCase.event_id == event.id))
    rows: list[Mapping[str, Any]] = [{"event_id": event.id, "case_id": number} for number in sorted(known)]
    if rows:
        session.execute(insert(EventCase), rows)
