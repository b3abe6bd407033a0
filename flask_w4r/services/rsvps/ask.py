"""Asking for an RSVP: a claim on seats, a row, and a mail to the address, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ...errors import EventFull, NotFound, insist
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ..people.addresses import Address
from ..storage.upsert import insert_new
from . import mail
from .seats import PENDING_HOLDS, claim, claims_again, give_back, lock_event, promote

LARGEST_PARTY = 6
#: States of a party that proved its mailbox and comes, or may come.
COMING = ("going", "waitlisted", "offered")
#: What a second RSVP of an address that nobody confirmed sets anew.
_REPLACED = (
    "state", "person", "access_consent", "party_size", "seats_held", "locale", "due_at", "held_at", "reasons", "score",
    "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Guest:
    """What somebody who wants to come filled in, checked and cleaned."""

    name: str
    address: Address
    party_size: int
    locale: str
    access_needs: str = ""
    access_consent: bool = False

    def sealed(self) -> dict[str, Any]:
        """What is sealed in the row."""
        values = {"name": self.name, "email": self.address.typed, "access_needs": self.access_needs}
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True)
class Done:
    """What was done: for signals and pages, never for the answer to a stranger.

    ``outcome``: ``created replaced known`` (asked), ``going waitlisted offered already`` (confirmed), ``changed``,
    ``cancelled``, ``released``, ``gone`` (nothing to do it to any more).
    """

    rsvp_id: int
    event_id: int
    outcome: str
    offered: Sequence[int] = ()


def insist_on_size(party_size: int) -> None:
    """Check how many come together.

    :raises BadValue: nobody, or more than :data:`LARGEST_PARTY`.
    """
    insist(1 <= party_size <= LARGEST_PARTY, "party_size", f"be from 1 to {LARGEST_PARTY}")


def email_scope(section: Section | str, event_id: int) -> str:
    """The scope of an RSVP's blind index: one event, so that one person's RSVPs cannot be joined.

    :param section: or its code.
    """
    return f"rsvp|{section if isinstance(section, str) else section.code}|{event_id}"


def ask(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    guest: Guest,
    *,
    held: bool,
    reasons: Sequence[Mapping[str, Any]] = (),
    score: int = 0,
    now: datetime,
) -> Done:
    """Somebody wants to come: claim seats where there are any, and write to them to confirm.

    An address that is known already gets the mail that fits, and the answer is the same.

    :param held: the checks hold it: it claims nothing until it is confirmed and released.
    :raises NotFound: there is no such published event that takes guests.
    :raises EventFull: the whole event is smaller than the party.
    :raises BadValue: the party has no size that there is, or no name.
    """
    insist_on_size(guest.party_size)
    insist(bool(guest.name.strip()), "name", "not be empty")
    claimed = not held and claim(session, section, event_id, guest.party_size, pending=True, now=now)
    event = lock_event(session, section, event_id)
    if event is None or event.state != "published" or event.closed_at is not None or event.starts_at <= now:
        # Raised after a claim that cannot have succeeded; the transaction is rolled back.
        raise NotFound("event")
    if event.capacity is not None and guest.party_size > event.capacity:
        raise EventFull
    values = {
        "section": section.code,
        "event_id": event_id,
        "state": "pending",
        "email_index": keyring.blind(email_scope(section, event_id), guest.address.canonical),
        "person": keyring.seal_json(guest.sealed()),
        "access_consent": guest.access_consent,
        "party_size": guest.party_size,
        "seats_held": guest.party_size if claimed else 0,
        "locale": guest.locale,
        "due_at": now + PENDING_HOLDS if claimed else None,
        "reminded": [],
        "sequence": 0,
        "version": 1,
        "held_at": now if held else None,
        "reasons": list(reasons),
        "score": score,
        "created_at": now,
        "updated_at": now,
    }
    if keyring.has_earlier:
        _bring_forward(session, event_id, keyring.blinds(email_scope(section, event_id), guest.address.canonical))
    number = insert_new(session, Rsvp.__table__, values)
    if number is not None:
        created = session.get_one(Rsvp, number, populate_existing=True)
        mail.enqueue(session, keyring, section, event, created, "rsvp_confirm", now=now)
        return Done(number, event_id, "created")
    row = session.scalars(
        select(Rsvp)
        .where(Rsvp.event_id == event_id, Rsvp.email_index == values["email_index"])
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.state in COMING:
        if claimed:
            event.seats_taken -= guest.party_size
            event.pending_seats -= guest.party_size
        offered = offer_on(session, keyring, section, event, now=now)
        mail.enqueue(session, keyring, section, event, row, "rsvp_known", now=now)
        return Done(row.id, event_id, "known", offered)
    # What it held before is given back; the new claim takes its place.
    had, due = row.seats_held, row.due_at
    give_back(event, row)
    if not claimed and not held and claims_again(event, guest.party_size, had):
        event.seats_taken += guest.party_size
        event.pending_seats += guest.party_size
        # Asking again and again must not keep a seat from those who wait for it.
        values |= {"seats_held": guest.party_size, "due_at": due if had else now + PENDING_HOLDS}
    for name in _REPLACED:
        setattr(row, name, values[name])
    row.waitlisted_at = row.confirmed_at = row.approved_at = row.checked_in_at = None
    row.version += 1
    offered = offer_on(session, keyring, section, event, now=now)
    mail.enqueue(session, keyring, section, event, row, "rsvp_confirm", now=now)
    return Done(row.id, event_id, "replaced", offered)


def _bring_forward(session: Session, event_id: int, indexes: Sequence[bytes]) -> None:
    """The address' RSVP is known by the newest index key from now on. Its event is locked."""
    new, *older = indexes
    mine = select(Rsvp.id, Rsvp.email_index).where(Rsvp.event_id == event_id, Rsvp.email_index.in_(indexes))
    found = {bytes(row.email_index): row.id for row in session.execute(mine)}
    earlier = [found[index] for index in older if index in found]
    if earlier and new not in found:
        session.execute(update(Rsvp.__table__).where(Rsvp.id == earlier[0]).values(email_index=new))  # type: ignore[arg-type]


def offer_on(session: Session, keyring: Keyring, section: Section, event: Event, *, now: datetime) -> list[int]:
    """Offer what seats are free to the waiting list, and write to whom they were offered. The event is locked.

    :returns: the ids of the RSVPs that were offered seats.
    """
    rows = promote(session, event, now=now)
    for row in rows:
        mail.enqueue(session, keyring, section, event, row, "rsvp_offer", now=now)
    return [row.id for row in rows]
