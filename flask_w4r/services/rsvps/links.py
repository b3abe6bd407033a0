"""What the link in a guest's mail stands for now: the page on which they confirm, change, accept or cancel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ...errors import TokenInvalid, TokenOver
from ...keyring import Keyring
from ...models import Event, Rsvp
from ..campaign.views import Lens
from ..events.cases import cases_of
from ..events.views import EventView, event_view
from ..people import tokens
from .ask import COMING
from .guests import GuestPlace, guest_calendar, guest_place, holds_seats
from .seats import in_line

MANAGE, CONFIRM = "rsvp", "rsvp_confirm"
#: States in which a party can still be changed or cancelled.
ALIVE = frozenset({"ask", "going", "waitlisted", "offered"})


@dataclass(frozen=True)
class GuestLink:
    """A genuine link to one RSVP. ``version``: the details it confirms; ``None`` for a link that only manages."""

    rsvp_id: int
    version: int | None
    is_over: bool


@dataclass(frozen=True)
class GuestView:
    """One party as its own page shows it.

    ``status``: ``ask`` (waits for its confirmation), ``going``, ``waitlisted``, ``offered``, ``expired`` (an offer that
    ended), ``cancelled``; ``replaced`` (a newer mail has the right link), ``event_cancelled``, ``event_over``,
    ``event_paused`` (the section looks at it again) or ``old`` (the link's time is over).
    """

    status: str
    event: EventView | None = None
    event_id: int = 0
    rsvp_id: int = 0
    version: int = 0
    name: str = ""
    email: str = ""
    party_size: int = 1
    access_needs: str = ""
    access_consent: bool = False
    #: Parties before it on the waiting list.
    before: int = 0
    due_at: datetime | None = None
    holds_seats: bool = False
    #: The event has not begun.
    can_change: bool = False
    #: Also while the section looks at the event again.
    can_cancel: bool = False
    can_ask: bool = False
    place: GuestPlace | None = None


def find_link(session: Session, lens: Lens, raw: str) -> GuestLink:
    """Look up the token of a guest's link.

    :raises TokenInvalid: it is no such link of this section, or it was revoked.
    """
    code, now = lens.section.code, lens.now
    try:
        token, purpose = tokens.find(session, code, MANAGE, raw, now=now), MANAGE
    except TokenInvalid:
        token, purpose = tokens.find(session, code, CONFIRM, raw, now=now), CONFIRM
    if token.revoked:
        raise TokenOver("revoked")
    version = int(token.payload[1]) if purpose == CONFIRM else None
    return GuestLink(int(token.payload[0]), version, token.expired)


def look(session: Session, keyring: Keyring, lens: Lens, raw: str) -> GuestView:
    """Say what a guest's link stands for, changing nothing.

    :raises TokenInvalid: it is no such link.
    """
    return _look(session, keyring, lens, find_link(session, lens, raw))[0]


def calendar_of(session: Session, keyring: Keyring, lens: Lens, raw: str, *, sender: str | None) -> tuple[str, bytes]:
    """Return the calendar entry of a party that is going: the method and the file.

    :param lens: makes full URLs.
    :param sender: ``W4R_MAIL_SENDER``.
    :raises TokenInvalid: it is no such link, or there is nothing to put in a calendar.
    """
    view, event, row = _look(session, keyring, lens, find_link(session, lens, raw))
    if view.status != "going" or view.event is None:
        raise TokenOver("not going")
    return guest_calendar(view.event, event, row, keyring, lens.section, email=view.email, sender=sender)


def _look(session: Session, keyring: Keyring, lens: Lens, link: GuestLink) -> tuple[GuestView, Event, Rsvp]:
    found = session.execute(
        select(Event, Rsvp)
        .join(Rsvp, Rsvp.event_id == Event.id)
        .where(Rsvp.id == link.rsvp_id, Event.section == lens.section.code)
        .execution_options(populate_existing=True)
    ).first()
    if found is None or found[1].person is None:
        raise TokenOver("nobody")
    event, row = found
    if link.is_over:
        return GuestView("old"), event, row
    if row.state == "pending" and link.version not in (None, row.version):
        # Somebody asked again with this address since, perhaps somebody else: the newest mail says what for.
        return GuestView("replaced"), event, row
    status, coming = _status(event, row, lens.now), event.starts_at > lens.now
    person: dict[str, Any] = keyring.open_json(row.person or "")
    view = GuestView(
        status=status,
        event=event_view(event, cases_of(session, lens, [event.id]).get(event.id, ()), lens, keyring),
        event_id=event.id,
        rsvp_id=row.id,
        version=row.version,
        name=str(person.get("name", "")),
        email=str(person.get("email", "")),
        party_size=row.party_size,
        access_needs=str(person.get("access_needs", "")),
        access_consent=row.access_consent,
        before=_before(session, event, row) if status == "waitlisted" else 0,
        due_at=row.due_at,
        holds_seats=holds_seats(row, lens.now),
        can_change=status in ALIVE and coming,
        can_cancel=coming and status in (ALIVE | {"event_paused"}) and row.state in COMING,
        can_ask=coming and status in ("expired", "cancelled") and event.state == "published" and not event.closed_at,
        place=guest_place(event, row, keyring) if status == "going" else None,
    )
    return view, event, row


def _status(event: Event, row: Rsvp, now: datetime) -> str:
    if event.state in ("cancelled", "rejected"):
        return "event_cancelled"
    if event.state == "over" or event.ends_at <= now:
        return "event_over"
    if event.state != "published":
        return row.state if row.state in ("cancelled", "expired") else "event_paused"
    if row.state in ("pending", "waitlisted", "offered") and event.starts_at <= now:
        return "event_over"
    if row.state == "offered" and row.due_at is not None and row.due_at <= now:
        # The sweep comes a moment later; by then the seats go to the next.
        return "expired"
    return "ask" if row.state == "pending" else row.state


def _before(session: Session, event: Event, row: Rsvp) -> int:
    earlier = or_(
        Rsvp.waitlisted_at < row.waitlisted_at,
        (Rsvp.waitlisted_at == row.waitlisted_at) & (Rsvp.id < row.id),
    )
    return session.scalars(select(func.count()).select_from(Rsvp).where(*in_line(event), earlier)).one()
