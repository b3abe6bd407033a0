"""What one party may know of its event beyond what everybody does, and the calendar entry that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

from ...i18n import babel_locale, get_locale, long_datetime
from ...keyring import Keyring
from ...models import Event, Rsvp
from ...sections import Section
from ..events.views import TOWN_ONLY, EventView


@dataclass(frozen=True)
class GuestPlace:
    """Where a party is to go. ``is_hidden``: there is an exact place, and it was not told to this party (yet);
    ``link_is_hidden``: likewise the link to take part."""

    venue: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    online_url: str = ""
    is_hidden: bool = False
    link_is_hidden: bool = False


def holds_seats(rsvp: Rsvp, now: datetime) -> bool:
    """Whether seats are kept for a party: not those of a claim that ended, even while it was not swept yet."""
    return rsvp.seats_held > 0 and (rsvp.due_at is None or rsvp.due_at > now)


def deadline(moment: datetime, time_zone: str) -> str:
    """Until when seats are kept, on the event's clock, which is named: a guest of an online event may have another."""
    local = moment.astimezone(ZoneInfo(time_zone))
    name = get_timezone_name(local, "long", locale=babel_locale(get_locale()))
    return f"{long_datetime(moment, time_zone)} ({name})"


def guest_place(event: Event, rsvp: Rsvp, keyring: Keyring) -> GuestPlace:
    """Return what a party may know of the place.

    Only who is going learns anything. The address: where it is public, where having the link is enough, and else
    once the host approved that party. The online link: likewise, save that only ``approval`` withholds it.
    """
    if event.approved is not None:
        # Where it is now waits for the desk's word; nobody is to go there yet.
        return GuestPlace()
    has_place, has_link = event.kind != "online", event.kind in ("online", "hybrid")
    if rsvp.state != "going" or rsvp.held_at is not None:
        link_is_hidden = has_link and event.visibility == "approval"
        return GuestPlace(is_hidden=has_place and not _told_to_all(event), link_is_hidden=link_is_hidden)
    secret: dict[str, Any] = keyring.open_json(event.secret) if event.secret else {}
    approved = rsvp.approved_at is not None
    knows_place = has_place and (approved or _told_to_all(event))
    knows_link = has_link and (approved or event.visibility != "approval")
    link = str(secret.get("online_url") or "") if knows_link else ""
    if not knows_place:
        return GuestPlace(online_url=link, is_hidden=has_place, link_is_hidden=has_link and not knows_link)
    return GuestPlace(
        venue=str(secret.get("venue_name") or ""),
        address=str(secret.get("address") or ""),
        lat=secret.get("lat"),
        lon=secret.get("lon"),
        online_url=link,
        link_is_hidden=has_link and not knows_link,
    )


def guest_calendar(
    view: EventView, event: Event, rsvp: Rsvp, keyring: Keyring, section: Section, *, email: str, sender: str | None
) -> tuple[str, bytes]:
    """Return a party's calendar entry: the method and the file.

    :param view: the event's public view, with full URLs.
    :param email: the party's address.
    :param sender: ``W4R_MAIL_SENDER``.
    """
    place = guest_place(event, rsvp, keyring)
    # icalendar is large, and few processes send an invitation.
    from ..events.calendars import Party, party_calendar

    party = Party(
        email=email,
        sequence=rsvp.sequence,
        updated_at=rsvp.updated_at,
        coming=rsvp.state == "going",
        venue=place.venue,
        address=place.address,
        lat=place.lat,
        lon=place.lon,
        online_url=place.online_url,
    )
    return party_calendar(view, party, section, sender=sender)


def _told_to_all(event: Event) -> bool:
    return event.visibility in ("exact", "unlisted") and event.kind not in TOWN_ONLY
