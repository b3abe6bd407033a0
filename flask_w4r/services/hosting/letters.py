"""The mails about events: are they still wanted, what do they link to, what do they say, what is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...i18n import time_span
from ...keyring import Keyring
from ...models import Event, Rsvp
from ..campaign.views import Lens
from ..events.cases import cases_of
from ..events.views import event_view
from ..people import tokens
from ..rsvps import mail as rsvp_mail
from ..rsvps.guests import deadline, guest_calendar, guest_place, holds_seats
from . import mail

KINDS = frozenset(rsvp_mail.KINDS) | frozenset(mail.KINDS)
CONFIRM_DAYS = 7
#: Links hold for so long after the event.
GUEST_DAYS, HOST_DAYS = 7, 30
#: The link to the guests' names and addresses.
LIST_HOLDS = timedelta(minutes=15)


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
_HOST: Mapping[str, frozenset[str]] = {
    "event_confirm": frozenset({"unconfirmed"}),
    "event_approved": frozenset({"published"}),
    # One that guests knew is cancelled when the desk says no.
    "event_rejected": frozenset({"rejected", "cancelled"}),
    "event_question": frozenset({"submitted"}),
    "event_report": frozenset({"published", "over"}),
    "event_link": frozenset({"submitted", "published", "cancelled", "over"}),
    "event_list": frozenset({"submitted", "published", "cancelled", "over"}),
}
#: What the link in a mail to the host is good for, where it is not the event itself.
_HOST_PURPOSES = {"event_confirm": "event_confirm", "event_list": "host_list"}
#: Kinds that carry the party's calendar entry.
_WITH_ENTRY = frozenset(
    {"rsvp_going", "rsvp_changed", "rsvp_cancelled", "rsvp_reminder", "rsvp_approved", "event_changed"}
)


def prepare(
    session: Session, keyring: Keyring, kind: str, section_code: str, params: dict[str, Any], *, now: datetime
) -> dict[str, Any] | None:
    """Work out whether a mail is still wanted, and make the links it lacks.

    :param params: what the outbox row holds; the links are put in it, to be kept with it.
    :returns: the context to render it with, or ``None`` when there is nothing left to say.
    """
    event = _row(session, Event, params["event"])
    if event is None or event.section != section_code:
        return None
    if kind in _HOST:
        if event.state not in _HOST[kind] or event.host_version != params["host_version"]:
            return None
        purpose = _HOST_PURPOSES.get(kind, "host")
        payload = [event.id, event.host_version]
        until = now + timedelta(days=CONFIRM_DAYS) if kind == "event_confirm" else _after(event, HOST_DAYS)
        until = now + LIST_HOLDS if kind == "event_list" else max(until, now + timedelta(days=1))
    else:
        rsvp = _row(session, Rsvp, params["rsvp"])
        if rsvp is None or rsvp.event_id != event.id or not _still(kind, event, rsvp, params, now):
            return None
        purpose = "rsvp_confirm" if kind == "rsvp_confirm" else "rsvp"
        payload = [rsvp.id, rsvp.version] if kind == "rsvp_confirm" else [rsvp.id]
        until = now + timedelta(days=CONFIRM_DAYS) if kind == "rsvp_confirm" else _after(event, GUEST_DAYS)
        until = max(until, now + timedelta(days=1))
    kept = params.get("until")
    if kept is None or datetime.fromisoformat(kept) <= now:
        days = (until - now) / timedelta(days=1)
        params["until"] = (now + timedelta(days=days)).isoformat()
        params["tokens"] = {
            purpose: tokens.issue(session, section_code, purpose, payload, now=now, days=days),
        }
    return {key: params[key] for key in ("event", "rsvp", "tokens", "text") if key in params}


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
    """Read what a mail about an event says, in its reader's language, just before it leaves.

    :param lens: makes full URLs.
    :param context: from :func:`prepare`.
    :param sender: ``W4R_MAIL_SENDER``.
    :returns: the template's values, and the calendar files: method and content of each.
    """
    event = _row(session, Event, context["event"])
    # Who gets this did not prove yet that the event is theirs, so that nothing of it is told.
    if event is None or kind == "event_confirm":
        return {"event": None}, ()
    view = event_view(event, cases_of(session, lens, [event.id]).get(event.id, ()), lens, keyring, own=kind in _HOST)
    when = time_span(view.starts_at, view.ends_at, view.time_zone)
    values: dict[str, Any] = {
        "event": view, "when": when, "events_url": lens.link("events"), "place": None, "text": context.get("text", ""),
    }  # fmt: skip
    rsvp = _row(session, Rsvp, context["rsvp"]) if "rsvp" in context else None
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


def _after(event: Event, days: int) -> datetime:
    return event.ends_at + timedelta(days=days)


def _row(session: Session, model: Any, number: int) -> Any:
    return session.scalars(
        select(model).where(model.id == number).execution_options(populate_existing=True)
    ).one_or_none()
