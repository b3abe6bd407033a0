"""The mails to guests: are they still wanted, what do they link to, what do they say, what is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...seam import Ask, MailKind, one_by_one
from ..campaign.views import Lens
from ..events.mailing import CONFIRM_DAYS, row_of, said, with_link
from .guests import deadline, guest_calendar, guest_place, holds_seats

#: A guest's link holds for so long after the event.
GUEST_DAYS = 7


@dataclass(frozen=True)
class Wanted:
    """When a mail to a guest still says what is so."""

    states: frozenset[str]
    #: The RSVP must be as it was when the mail was written down.
    same_version: bool = True
    event_states: frozenset[str] = frozenset({"published"})
    #: Too late once the event began, or ended; or never.
    until: str = "end"


_COMING = frozenset({"going", "waitlisted", "offered"})
_ANY = frozenset({"pending", "going", "waitlisted", "offered", "expired", "cancelled"})
_GOING = frozenset({"going"})
_GUEST: Mapping[str, Wanted] = {
    "rsvp_confirm": Wanted(frozenset({"pending"}), until="start"),
    "rsvp_known": Wanted(_COMING, same_version=False),
    "rsvp_going": Wanted(_GOING),
    "rsvp_waitlisted": Wanted(frozenset({"waitlisted"}), until="start"),
    "rsvp_offer": Wanted(frozenset({"offered"}), until="start"),
    "rsvp_expired": Wanted(frozenset({"expired"}), until="start"),
    "rsvp_changed": Wanted(_GOING),
    # Whatever came after, the entry goes from the calendar, unless they are coming again.
    "rsvp_cancelled": Wanted(
        _ANY - _GOING, same_version=False, event_states=frozenset({"published", "submitted", "cancelled"})
    ),
    "rsvp_reminder": Wanted(_GOING, same_version=False, until="start"),
    "rsvp_approved": Wanted(_GOING, same_version=False),
    "event_changed": Wanted(_COMING | {"pending"}, same_version=False),
    "event_cancelled": Wanted(_ANY, same_version=False, event_states=frozenset({"cancelled"}), until=""),
    "event_message": Wanted(_COMING, same_version=False, event_states=frozenset({"published", "over"}), until=""),
}
#: Kinds that carry the party's calendar entry.
_WITH_ENTRY = frozenset(
    {"rsvp_going", "rsvp_changed", "rsvp_cancelled", "rsvp_reminder", "rsvp_approved", "event_changed"}
)


def prepare(session: Session, keyring: Keyring, ask: Ask, *, now: datetime, token_days: int) -> dict[str, Any] | None:
    """Work out whether a mail is still wanted, and make the link it lacks; see ``seam.one_by_one``."""
    section, kind, params = ask.section, ask.kind, ask.params
    event, rsvp = row_of(session, Event, params["event"]), row_of(session, Rsvp, params["rsvp"])
    if event is None or event.section != section.code:
        return None
    if rsvp is None or rsvp.event_id != event.id or not _still(kind, event, rsvp, params, now):
        return None
    to_prove = kind == "rsvp_confirm"
    until = now + timedelta(days=CONFIRM_DAYS) if to_prove else event.ends_at + timedelta(days=GUEST_DAYS)
    payload = [rsvp.id, rsvp.version] if to_prove else [rsvp.id]
    purpose = "rsvp_confirm" if to_prove else "rsvp"
    return with_link(session, section.code, params, purpose, payload, max(until, now + timedelta(days=1)), now)


def _still(kind: str, event: Event, rsvp: Rsvp, params: Mapping[str, Any], now: datetime) -> bool:
    wanted = _GUEST[kind]
    last = {"start": event.starts_at, "end": event.ends_at}.get(wanted.until)
    if rsvp.person is None or rsvp.state not in wanted.states or event.state not in wanted.event_states:
        return False
    if (wanted.same_version and rsvp.version != params["version"]) or (last is not None and last <= now):
        return False
    # An offer that ended is not worth a mail, even before it was swept.
    if kind == "rsvp_offer" and (rsvp.due_at is None or rsvp.due_at <= now):
        return False
    return kind != "rsvp_approved" or rsvp.approved_at is not None


def look_up(
    session: Session, keyring: Keyring, kind: str, lens: Lens, context: Mapping[str, Any], *, sender: str | None
) -> tuple[dict[str, Any], Sequence[tuple[str, bytes]]]:
    """Read what a mail says, in its reader's language, just before it leaves; see ``seam.MailKind``.

    :param sender: ``W4R_MAIL_SENDER``.
    """
    event = row_of(session, Event, context["event"])
    if event is None:
        return {"event": None}, ()
    view, values = said(session, keyring, lens, event, context, own=False)
    rsvp = row_of(session, Rsvp, context["rsvp"])
    if rsvp is None:
        return values, ()
    values |= {
        "place": guest_place(event, rsvp, keyring),
        "guest_state": rsvp.state,
        "party_size": rsvp.party_size,
        "holds_seats": holds_seats(rsvp, lens.now),
        "due": deadline(rsvp.due_at, event.time_zone) if rsvp.due_at else "",
    }
    email = str(keyring.open_json(rsvp.person).get("email", "")) if rsvp.person else ""
    has_entry = kind in _WITH_ENTRY and (rsvp.state == "going" or kind == "rsvp_cancelled")
    if not email or not (has_entry or (kind == "event_cancelled" and rsvp.confirmed_at is not None)):
        return values, ()
    return values, (guest_calendar(view, event, rsvp, keyring, lens.section, email=email, sender=sender),)


#: What a stranger can have sent to somebody by typing their address.
_CAPPED = ("rsvp_confirm", "rsvp_known")
#: What comes without their having just done anything.
_UNASKED = ("rsvp_reminder", "event_message")
_prepare_all = one_by_one(prepare)
MAILS = tuple(
    MailKind(
        name,
        _prepare_all,
        look_up,
        words=lazy_gettext("About events you come to"),
        capped=name in _CAPPED,
        lapses=name == "rsvp_known",
        unasked=name in _UNASKED,
    )
    for name in _GUEST
)
