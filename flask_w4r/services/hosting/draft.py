"""What a host filled in, as it is written into an event's row."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import String

from ...errors import insist
from ...keyring import Keyring
from ...models import Event
from ...models.events import ACCESS_STATUSES, EVENT_KINDS, VISIBILITIES
from ...sections import Section
from ..events.views import TOWN_ONLY
from ..people.addresses import Address
from ..places import geo
from .texts import looks_like_address, tells
from .times import is_zone

#: Farther than this from where it was, the desk looks again.
FAR_KM = 25.0
_LINK = re.compile(r"https?:|//|\bwww\.|@|\b[a-z0-9-]{2,}\.(?:[a-z]{3,}|[a-z]{2}/)", re.IGNORECASE)
MOST_SEATS = 100_000
#: A pin may stand so far from the middle of its town.
PIN_KM = 75.0
#: The finding that a text for everybody may tell an address.
IN_TEXT = "address_in_text"


@dataclass(frozen=True)
class Town:
    """A place of the gazetteer, or only what a host typed where none is loaded."""

    name: str
    country: str
    id: int | None = None
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True)
class Draft:
    """An event as its host filled it in, checked and cleaned."""

    title: str
    description: str
    kind: str
    visibility: str
    starts_local: datetime
    ends_local: datetime
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    town: Town | None
    locale: str
    case_ids: Sequence[int]
    #: Who hosts: of a new event; an edit leaves it.
    host_name: str = ""
    host_address: Address | None = None
    venue_name: str = ""
    address: str = ""
    #: The venue's point.
    lat: float | None = None
    lon: float | None = None
    online_url: str = ""
    capacity: int | None = None
    languages: Sequence[str] = ()
    access_status: str = "unknown"
    access_notes: str = ""

    @property
    def shown_to(self) -> str:
        """Who learns the exact place: never everybody for a private home or a school, whatever was chosen."""
        if self.visibility == "exact" and self.kind in TOWN_ONLY:
            return "approval" if self.kind == "private" else "town"
        return self.visibility

    def check(self) -> None:
        """Insist on what the event's row can hold.

        :raises BadValue: a value is none of those that there are, too long, or makes no sense beside the others.
        """
        for name, known in (("kind", EVENT_KINDS), ("visibility", VISIBILITIES), ("access_status", ACCESS_STATUSES)):
            insist(getattr(self, name) in known, name, f"be one of {', '.join(known)}")
        town = self.town or Town("", "")
        texts = {"title": self.title, "access_notes": self.access_notes, "locale": self.locale,
                 "town": town.name, "country": town.country}  # fmt: skip
        for name, text in texts.items():
            longest = cast(String, Event.__table__.columns[name].type).length or 0
            insist(len(text) <= longest, name, f"have {longest} characters at most")
        insist(bool(self.title.strip()), "title", "not be empty")
        insist(is_zone(self.time_zone), "time_zone", "be the name of a time zone")
        insist(self.starts_at < self.ends_at, "ends_at", "be after the beginning")
        insist(self.capacity is None or 1 <= self.capacity <= MOST_SEATS, "capacity", f"be from 1 to {MOST_SEATS}")
        for lat, lon in ((self.lat, self.lon), (town.lat, town.lon)):
            if lat is not None or lon is not None:
                insist(lat is not None and lon is not None and geo.is_point(lat, lon), "lat", "be a place with lon")

    def place(self) -> dict[str, Any]:
        """What is sealed of the place."""
        here = self.kind != "online"
        values = {
            "venue_name": self.venue_name if here else "",
            "address": self.address if here else "",
            "lat": self.lat if here else None,
            "lon": self.lon if here else None,
            "online_url": self.online_url if self.kind in ("online", "hybrid") else "",
        }
        return {key: value for key, value in values.items() if value not in ("", None)}

    def public_point(self) -> tuple[float, float] | tuple[None, None]:
        """The only point that maps, distances and order may know: the venue's where everybody may see it, else the
        town's."""
        if self.kind == "online" or self.town is None:
            return None, None
        if self.shown_to == "exact" and self.kind not in TOWN_ONLY and self.lat is not None and self.lon is not None:
            return self.lat, self.lon
        if self.town.lat is None or self.town.lon is None:
            return None, None
        return self.town.lat, self.town.lon

    def columns(self, section: Section) -> dict[str, Any]:
        """The event's columns that a host decides, but for ``secret`` and the cases."""
        lat, lon = self.public_point()
        town = self.town if self.kind != "online" else None
        return {
            "kind": self.kind,
            "visibility": self.shown_to,
            "title": self.title,
            "description": self.description,
            "starts_local": self.starts_local,
            "ends_local": self.ends_local,
            "time_zone": self.time_zone,
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "place_id": town.id if town else None,
            "town": town.name if town else "",
            "country": town.country if town else section.country,
            "public_lat": lat,
            "public_lon": lon,
            "languages": list(self.languages),
            "access_status": self.access_status,
            "access_notes": self.access_notes,
            "capacity": self.capacity,
        }

    def findings(self) -> list[dict[str, Any]]:
        """Why the desk should look twice: a text for everybody that seems to say what only guests may know."""
        if self.shown_to == "exact":
            return []
        # Where no gazetteer is loaded, the town is what the host typed.
        town = self.town.name if self.town is not None and self.town.id is None else ""
        texts = (self.title, self.description, self.access_notes, town)
        told = tells(texts, (self.address, self.online_url)) or looks_like_address(*texts)
        return [{"check": IN_TEXT, "score": 0, "hold": True}] if told else []


def slug_for(title: str, visibility: str) -> str:
    """A name for an event's URL: from its title, or random where it is to be found by its link alone."""
    if visibility == "unlisted":
        return secrets.token_hex(16)
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")
    return f"{words or 'event'}-{secrets.token_hex(3)}"


def host_scope(section: Section | str) -> str:
    """The scope of a host's blind index: the section's events.

    :param section: or its code.
    """
    return f"host|{section if isinstance(section, str) else section.code}"


def secret_of(event: Event, keyring: Keyring) -> dict[str, Any]:
    """What is sealed of an event."""
    found: dict[str, Any] = keyring.open_json(event.secret) if event.secret else {}
    return found


def is_moved(event: Event, before: Mapping[str, Any], draft: Draft) -> bool:
    """Whether guests must hear of it: another time or another place."""
    columns = ("starts_at", "ends_at", "time_zone", "starts_local", "ends_local")
    if any(getattr(event, name) != getattr(draft, name) for name in columns):
        return True
    after = draft.place()
    sealed = ("venue_name", "address", "lat", "lon", "online_url")
    town = draft.town.name if draft.town and draft.kind != "online" else ""
    return event.town != town or any(before.get(name) != after.get(name) for name in sealed)


def is_big(event: Event, draft: Draft) -> bool:
    """Whether the desk must look again: other words, another kind, shown to others, a link where everybody reads the
    place, or far from where it was."""
    if (event.title, event.description, event.kind, event.visibility, event.access_notes) != (
        draft.title, draft.description, draft.kind, draft.shown_to, draft.access_notes,
    ):  # fmt: skip
        return True
    town = draft.town
    if draft.kind == "online" or town is None:
        return False
    if draft.shown_to == "exact" and _LINK.search(f"{draft.venue_name} {draft.address}"):
        return True
    if event.country != town.country:
        return True
    lat, lon = draft.public_point()
    if None in (lat, lon, event.public_lat, event.public_lon):
        return event.town != town.name
    return geo.distance_km(lat, lon, event.public_lat, event.public_lon) > FAR_KM  # type: ignore[arg-type]
