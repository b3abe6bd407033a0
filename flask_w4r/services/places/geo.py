"""Distances on the earth and the boxes to search in: plain arithmetic, right at the poles and across the 180th meridian."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import asin, cos, degrees, isfinite, radians, sin, sqrt
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from ...i18n import plain_digits

#: The mean radius (IUGG), in kilometres.
EARTH_KM = 6371.0088
#: A box is widened by this many degrees (about 10 cm), so that rounding never leaves out a point on its edge.
_SLACK = 1e-6
_POINT = re.compile(r"([+-]?[0-9]{1,2}(?:\.[0-9]{1,15})?), ?([+-]?[0-9]{1,3}(?:\.[0-9]{1,15})?)")


@dataclass(frozen=True, slots=True)
class Box:
    """A search area: latitudes from ``south`` to ``north``, and one or two ranges of longitude.

    Two ranges where it crosses the 180th meridian; each goes from its first value up to its second.
    """

    south: float
    north: float
    lon_ranges: tuple[tuple[float, float], ...]

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a point is inside."""
        return self.south <= lat <= self.north and any(west <= lon <= east for west, east in self.lon_ranges)

    def condition(self, lat: Any, lon: Any) -> ColumnElement[bool]:
        """The same as :meth:`holds`, as an SQL condition.

        :param lat: the column (or expression) of the latitude.
        :param lon: that of the longitude, from -180 to 180.
        """
        ranges = [lon.between(west, east) for west, east in self.lon_ranges]
        return and_(lat.between(self.south, self.north), or_(*ranges))


def is_point(lat: float, lon: float) -> bool:
    """Whether two numbers are a place on earth."""
    return isfinite(lat) and isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180


def read_point(text: str) -> tuple[float, float] | None:
    """A point written as ``latitude,longitude``, such as ``-33.9,151.2``; ``None`` when the text is anything else."""
    found = _POINT.fullmatch(plain_digits(text.strip()[:50]))
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    return (lat, lon) if is_point(lat, lon) else None


def wrap_lon(lon: float) -> float:
    """A longitude of any size as one from -180 up to, not including, 180."""
    return (lon + 180) % 360 - 180 if not -180 <= lon < 180 else lon


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The great-circle distance between two points, in kilometres (haversine; within 0.6 % of the ellipsoid's)."""
    north, south = radians(lat), radians(other_lat)
    half = sin((south - north) / 2) ** 2 + cos(north) * cos(south) * sin(radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def box(lat: float, lon: float, km: float) -> Box:
    """The smallest box that holds every point within ``km`` of a point; some corners of it are farther away.

    :param lat: from -90 to 90.
    :param lon: of any size; it is wrapped.
    :param km: how far, at least 0.
    :raises ValueError: when these are no place on earth or no distance.
    """
    if not (is_point(lat, 0) and isfinite(lon) and isfinite(km) and km >= 0):
        raise ValueError("a box needs a latitude, a longitude and a distance")
    angle = km / EARTH_KM
    reach = degrees(angle) + _SLACK
    south, north = lat - reach, lat + reach
    if south <= -90 or north >= 90:
        # A pole is inside: every meridian meets there.
        return Box(max(south, -90.0), min(north, 90.0), ((-180.0, 180.0),))
    # The widest reach is not at the middle's latitude but where a meridian touches the circle.
    wide = degrees(asin(min(1.0, sin(angle) / cos(radians(lat))))) + _SLACK / cos(radians(max(-south, north)))
    if wide >= 180:
        return Box(south, north, ((-180.0, 180.0),))
    lon = wrap_lon(lon)
    west, east = lon - wide, lon + wide
    if west <= -180:
        return Box(south, north, ((-180.0, east), (west + 360, 180.0)))
    if east >= 180:
        return Box(south, north, ((-180.0, east - 360), (west, 180.0)))
    return Box(south, north, ((west, east),))
