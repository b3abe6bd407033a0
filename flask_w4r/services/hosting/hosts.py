"""What a host does with an event of theirs: open it by its link, see who comes, let them know the address, check them
in, write to them, and end the link.

Only first names and party sizes are shown to whoever has the host's link; names, addresses and access needs need a fresh
link of fifteen minutes, mailed to the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ..events.views import TOWN_ONLY
from ..people import tokens
from ..people.addresses import parse_address
from ..people.names import first_of
from ..rsvps import mail as rsvp_mail
from ..rsvps.seats import lock_event, lock_rsvp
from . import lifecycle, mail
from .draft import secret_of
from .letters import HOST_DAYS
from .lifecycle import COMING, Done
from .texts import tells

#: Purposes of tokens, and what they open.
CONFIRM, HOST, LIST = "event_confirm", "host", "host_list"


@dataclass(frozen=True)
class HostLink:
    """What a host's link opens. ``status``: ``confirm`` (the address is not proved yet), ``open``, ``expired``,
    ``unproved`` (it was not within the time there is for it) or ``ended`` (revoked, or the event is gone)."""

    status: str
    event_id: int = 0
    host_version: int = 0
    title: str = ""


@dataclass(frozen=True)
class GuestLine:
    """A party, as its host sees it. The last three are empty but in the full list, and ``access_needs`` there too
    unless the guest agreed."""

    id: int
    first_name: str
    party_size: int
    state: str
    is_approved: bool
    is_checked_in: bool
    name: str = ""
    email: str = ""
    access_needs: str = ""


def look(session: Session, section: Section, raw: str, *, now: datetime) -> HostLink:
    """What a link from a mail to a host opens; nothing is changed.

    :raises TokenInvalid: it is none of ours.
    """
    for purpose in (HOST, CONFIRM):
        try:
            token = tokens.find(session, section.code, purpose, raw, now=now)
        except TokenInvalid:
            continue
        return _opened(session, section, purpose, token, now)
    raise TokenInvalid("no such token")


def look_list(session: Session, section: Section, raw: str, *, now: datetime) -> HostLink:
    """The same for the link to the full list.

    :raises TokenInvalid: it is none of ours.
    """
    return _opened(session, section, LIST, tokens.find(session, section.code, LIST, raw, now=now), now)


def _opened(session: Session, section: Section, purpose: str, token: tokens.TokenView, now: datetime) -> HostLink:
    event_id, version = token.payload
    event = hosted(session, section, event_id, version)
    if purpose == CONFIRM and token.expired:
        return HostLink("unproved" if event is None or event.state == "unconfirmed" else "ended")
    # The event may have been put forward since the link was made.
    if token.expired or (event is not None and event.ends_at + timedelta(days=HOST_DAYS) <= now):
        return HostLink("expired")
    if event is None or token.revoked:
        return HostLink("ended")
    status = "confirm" if purpose == CONFIRM and event.state == "unconfirmed" else "open"
    # Nothing of an event that nobody proved to be theirs.
    return HostLink(status, event.id, event.host_version, "" if status == "confirm" else event.title)


def address_of(session: Session, keyring: Keyring, event_id: int) -> str | None:
    """The address of an event's host in canonical form, while it is kept."""
    event = session.get(Event, event_id)
    email = keyring.open_json(event.secret).get("host_email") if event is not None and event.secret else None
    return parse_address(email, test_environment=True).canonical if email else None


def hosted(session: Session, section: Section, event_id: int, host_version: int) -> Event | None:
    """The event of a host who came by a link of that version, or ``None`` where the link has ended."""
    return session.scalars(
        select(Event).where(Event.id == event_id, Event.section == section.code, Event.host_version == host_version)
    ).first()


def renew_link(session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime) -> Done:
    """End every link of the host and mail a new one to the address that was proved."""
    event = lock_event(session, section, event_id)
    if event is None or event.state == "unconfirmed":
        return Done(event_id, "gone")
    event.host_version += 1
    event.version += 1
    mail.enqueue(session, keyring, section, event, "event_link", now=now)
    return Done(event_id, "renewed")


def ask_full_list(session: Session, keyring: Keyring, section: Section, event_id: int, *, now: datetime) -> Done:
    """Mail the host a link to the full list. It begins to count when the mail leaves."""
    event = lock_event(session, section, event_id)
    if event is None or event.state == "unconfirmed":
        return Done(event_id, "gone")
    # One for each five minutes: pressing twice is one mail.
    mail.enqueue(session, keyring, section, event, "event_list", now=now, matter=str(int(now.timestamp()) // 300))
    return Done(event_id, "sent")


def guests(session: Session, keyring: Keyring, event: Event, *, full: bool = False) -> list[GuestLine]:
    """The parties that proved their address and were let through, those who go first, then who waits, in order.

    :param full: with names, addresses and, where the guest agreed, access needs.
    """
    rows = session.scalars(
        select(Rsvp).where(
            Rsvp.event_id == event.id, Rsvp.state.in_(COMING), Rsvp.held_at.is_(None), Rsvp.person.is_not(None)
        )
    ).all()
    lines = [(row, _line(row, keyring, full=full)) for row in rows]
    lines.sort(key=lambda pair: (pair[0].state == "waitlisted", pair[1].first_name.casefold(), pair[0].id))
    going = [line for row, line in lines if row.state != "waitlisted"]
    waiting = sorted(
        (pair for pair in lines if pair[0].state == "waitlisted"), key=lambda pair: (pair[0].waitlisted_at, pair[0].id)
    )
    return going + [line for _, line in waiting]


def _line(row: Rsvp, keyring: Keyring, *, full: bool) -> GuestLine:
    person: dict[str, Any] = keyring.open_json(row.person) if row.person else {}
    name = str(person.get("name", ""))
    return GuestLine(
        id=row.id,
        first_name=first_of(name),
        party_size=row.party_size,
        state=row.state,
        is_approved=row.approved_at is not None,
        is_checked_in=row.checked_in_at is not None,
        name=name if full else "",
        email=str(person.get("email", "")) if full else "",
        access_needs=str(person.get("access_needs", "")) if full and row.access_consent else "",
    )


def withheld(event: Event, keyring: Keyring) -> Literal["address", "link"] | None:
    """What only guests learn whom the host lets in, if there is such a thing."""
    secret = secret_of(event, keyring)
    to_all = event.kind not in TOWN_ONLY and event.visibility in ("exact", "unlisted")
    if event.kind != "online" and not to_all and any(secret.get(name) for name in ("venue_name", "address", "lat")):
        return "address"
    return "link" if event.visibility == "approval" and secret.get("online_url") else None


def approve(
    session: Session, keyring: Keyring, section: Section, event_id: int, rsvp_id: int, *, now: datetime
) -> Done:
    """The host lets a party that goes know the address, which is mailed to it. It cannot be taken back."""
    event = lock_event(session, section, event_id)
    row = lock_rsvp(session, rsvp_id) if event is not None else None
    if event is None or row is None or row.event_id != event_id or row.held_at is not None:
        return Done(event_id, "gone")
    if row.state != "going" or event.state != "published":
        return Done(event_id, "gone")
    if row.approved_at is not None:
        return Done(event_id, "already")
    row.approved_at = row.updated_at = now
    row.sequence += 1
    rsvp_mail.enqueue(session, keyring, section, event, row, "rsvp_approved", now=now)
    return Done(event_id, "approved")


def check_in(session: Session, section: Section, event_id: int, rsvp_id: int, present: bool, *, now: datetime) -> Done:
    """A party is there, or was ticked by mistake."""
    event = lock_event(session, section, event_id)
    row = lock_rsvp(session, rsvp_id) if event is not None else None
    if event is None or row is None or row.event_id != event_id or row.state not in COMING or row.held_at is not None:
        return Done(event_id, "gone")
    if (row.checked_in_at is not None) == present:
        return Done(event_id, "already")
    row.checked_in_at = now if present else None
    return Done(event_id, "checked_in" if present else "checked_out")


def message(
    session: Session,
    keyring: Keyring,
    section: Section,
    event_id: int,
    text: str,
    *,
    states: Sequence[str] = ("going",),
    now: datetime,
) -> Done:
    """Write to the guests in the host's own words. The same words are sent once.

    :returns: ``sent``; ``withheld`` where they hold the address, or the link, and a guest who would read them was not
        let in; ``gone``.
    """
    event = lock_event(session, section, event_id)
    if event is None or event.state not in ("published", "over"):
        return Done(event_id, "gone")
    secret = secret_of(event, keyring)
    is_secret = event.kind == "private" or event.visibility == "approval"
    if is_secret and tells([text], [str(secret.get(name, "")) for name in ("address", "online_url")]):
        unknown = select(Rsvp.id).where(
            Rsvp.event_id == event_id,
            Rsvp.state.in_(states),
            Rsvp.confirmed_at.is_not(None),
            Rsvp.approved_at.is_(None),
        )
        if session.scalar(unknown.limit(1)) is not None:
            return Done(event_id, "withheld")
    told = lifecycle.tell(session, keyring, section, event, "event_message", now=now, states=states, text=text)
    return Done(event_id, "sent", told)
