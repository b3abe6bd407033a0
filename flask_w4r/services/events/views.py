"""What the public learns of an event, as plain frozen values in one language: never a street, never a host's address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ...i18n import gettext
from ...keyring import Keyring
from ...models import Event
from ..campaign.views import Lens

#: Kinds whose exact place is never public, whatever the host chose.
TOWN_ONLY = frozenset({"private", "school"})
#: What is kept of an event as it was public, while something newer waits for the desk.
_KEPT = (
    "title", "description", "kind", "visibility", "time_zone", "town", "country", "access_status", "access_notes",
    "languages",
)  # fmt: skip
_KEPT_MOMENTS = ("starts_local", "ends_local", "starts_at", "ends_at")


@dataclass(frozen=True)
class EventCaseView:
    """A case that an event writes for."""

    id: int
    slug: str
    name: str
    url: str


@dataclass(frozen=True)
class EventView:
    """One event. ``venue`` and ``address`` are empty unless the exact place is public; ``lat`` and ``lon`` are the
    town's point, or the venue's where that is public; ``online_url`` is never in it."""

    id: int
    slug: str
    url: str
    uid: str
    sequence: int
    state: str
    kind: str
    visibility: str
    title: str
    description: str
    starts_local: datetime
    ends_local: datetime
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    town: str
    country: str
    venue: str
    address: str
    lat: float | None
    lon: float | None
    is_online: bool
    has_place: bool
    shows_exact: bool
    availability: str
    is_closed: bool
    is_demo: bool
    host_verified: bool
    host_name: str
    access_status: str
    access_notes: str
    languages: Sequence[str]
    locale: str
    cases: Sequence[EventCaseView]
    updated_at: datetime
    #: Kilometres from where the search was centred; measured to the public point.
    distance_km: float | None = None


def event_title(event: EventView, *, cancelled: bool) -> str:
    """What an event is called in a calendar or feed. That it is off stands in its name too: not every program heeds a
    calendar's ``STATUS``, and feeds have none."""
    title = gettext("Demo event: %(title)s", title=event.title) if event.is_demo else event.title
    return gettext("Cancelled: %(title)s", title=title) if cancelled else title


def shows_exact(event: Event) -> bool:
    """Whether there is an exact place and it is for everybody: the host chose so, and the event's kind allows it."""
    return event.visibility == "exact" and event.kind not in TOWN_ONLY and event.kind != "online"


def as_shown(event: Event, *, hidden: bool = False) -> dict[str, Any]:
    """What the public reads of an event now, for ``event.approved``. Of the place only the town is kept.

    :param hidden: nobody is to read it any more, save guests who hear that the event is off.
    """
    moments = {name: getattr(event, name).isoformat() for name in _KEPT_MOMENTS}
    return {name: getattr(event, name) for name in _KEPT} | moments | ({"hidden": True} if hidden else {})


def has_page(event: Event) -> bool:
    """Whether an event that is published, cancelled or over may be read. One that was called off before the desk ever
    approved it may not, nor one that the desk took off."""
    return event.state == "published" or (event.published_at is not None and not (event.approved or {}).get("hidden"))


def as_known(event: Event) -> dict[str, Any]:
    """What of an event's words, town and times the public may read: :func:`as_shown`, or what was approved before."""
    return event.approved or as_shown(event)


def _approved_view(view: EventView, event: Event) -> EventView:
    """The view without what nobody approved. The exact place goes with it: which one was meant is not known."""
    kept = event.approved or {}
    values = {name: kept[name] for name in _KEPT}
    values |= {name: datetime.fromisoformat(kept[name]) for name in _KEPT_MOMENTS}
    return replace(
        view,
        **values,
        venue="",
        address="",
        lat=None,
        lon=None,
        shows_exact=False,
        is_online=kept["kind"] in ("online", "hybrid"),
        has_place=kept["kind"] != "online",
        host_name=view.host_name if kept["kind"] != "private" else "",
    )


def event_view(
    event: Event,
    cases: Sequence[EventCaseView],
    lens: Lens,
    keyring: Keyring,
    *,
    distance_km: float | None = None,
    own: bool = False,
) -> EventView:
    """Make the public view of an event: the only way from a row to a public page, feed, map or calendar.

    While a change of a public event waits for the desk, and after the desk said no to it, the view is that of what was
    approved before.

    :param cases: those of the event that are public, in their order.
    :param own: its host reads it, with what waits.
    """
    view = _row_view(event, cases, lens, keyring, distance_km)
    return view if own or event.approved is None else _approved_view(view, event)


def _row_view(
    event: Event, cases: Sequence[EventCaseView], lens: Lens, keyring: Keyring, distance_km: float | None
) -> EventView:
    exact = shows_exact(event)
    secret: dict[str, Any] = keyring.open_json(event.secret) if event.secret else {}
    has_place = event.kind != "online"
    return EventView(
        id=event.id,
        slug=event.slug,
        url=lens.link("event", slug=event.slug),
        uid=event.uid,
        sequence=event.sequence,
        state=event.state,
        kind=event.kind,
        visibility=event.visibility,
        title=event.title,
        description=event.description,
        starts_local=event.starts_local,
        ends_local=event.ends_local,
        time_zone=event.time_zone,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        town=event.town,
        country=event.country,
        venue=secret.get("venue_name", "") if exact else "",
        address=secret.get("address", "") if exact else "",
        lat=event.public_lat if has_place else None,
        lon=event.public_lon if has_place else None,
        is_online=event.kind in ("online", "hybrid"),
        has_place=has_place,
        shows_exact=exact,
        availability=event.availability,
        is_closed=event.closed_at is not None,
        is_demo=event.is_demo,
        host_verified=event.host_verified,
        host_name=secret.get("host_name", "") if event.kind != "private" else "",
        access_status=event.access_status,
        access_notes=event.access_notes,
        languages=event.languages,
        locale=event.locale,
        cases=cases,
        updated_at=event.updated_at,
        distance_km=distance_km,
    )
