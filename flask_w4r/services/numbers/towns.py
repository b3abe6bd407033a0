"""Where events lack: the largest towns of the section's country that are far from any event to come, as far as the data tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Event, Place
from ...sections import Section
from ..events.search import listed
from ..places.geo import distance_km
from ..places.regions import readable

#: So many of the largest towns are looked at, and so many told.
LOOKED_AT, TOLD = 60, 15
#: An event is near within so many kilometres.
NEAR_KM = 30


@dataclass(frozen=True)
class Town:
    """A town without an event near it.

    :ivar region: as readers know it, else empty.
    :ivar nearest: kilometres to the nearest event to come; ``None``: there is none.
    """

    name: str
    region: str
    population: int
    nearest: int | None


def lacking(session: Session, section: Section, now: datetime) -> list[Town]:
    """The largest towns that no public event is near to; empty where the section's country has no towns in the gazetteer.

    Events know the point of their town alone, never where in it they are.
    """
    towns = session.execute(
        select(Place.name, Place.region, Place.population, Place.lat, Place.lon)
        .where(Place.country == section.country)
        .order_by(Place.population.desc(), Place.id)
        .limit(LOOKED_AT)
    ).all()
    points = session.execute(
        select(Event.public_lat, Event.public_lon)
        .where(
            *listed(section.code, now), Event.kind.in_(("public", "hybrid")), Event.public_lat.is_not(None),
            Event.public_lon.is_not(None),
        )
        .distinct()
    ).all() if towns else []  # fmt: skip
    found = []
    for town in towns:
        nearest = min(
            (distance_km(town.lat, town.lon, float(lat or 0), float(lon or 0)) for lat, lon in points), default=None
        )
        if nearest is None or nearest > NEAR_KM:
            region = readable(section.country, town.region)
            found.append(Town(town.name, region, town.population, None if nearest is None else round(nearest)))
    return found[:TOLD]
