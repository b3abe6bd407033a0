"""The squares in which events are grouped on the map: the same ones whoever looks, so that a group stays where it is."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, isfinite

from ..places.geo import Box, wrap_lon

MAX_ZOOM = 18
#: Squares in one view at most; a view that would have more is grouped coarser.
MAX_SQUARES = 4096
#: Squares to one tile of 256 pixels: each side is 64 pixels.
_TO_A_TILE = 4


@dataclass(frozen=True, slots=True)
class Grid:
    """A view of the map, widened to whole squares. ``cell`` is a square's side, in degrees."""

    zoom: int
    cell: float
    box: Box

    @classmethod
    def world(cls, zoom: int) -> Grid:
        """The whole world."""
        return _grid(-180.0, -90.0, 180.0, 90.0, zoom)

    @property
    def key(self) -> tuple[object, ...]:
        """The same for views that are answered the same."""
        return (self.zoom, self.box.south, self.box.north, *self.box.lon_ranges)


def read_grid(bbox: str, zoom: str) -> Grid | None:
    """Read a view from URL arguments.

    :param bbox: ``west,south,east,north``; where west is larger it crosses the 180th meridian.
    :param zoom: a whole number; what is not one counts as 0.
    :returns: ``None`` when ``bbox`` is no area on earth.
    """
    parts = bbox[:200].split(",")
    if len(parts) != 4:
        return None
    try:
        west, south, east, north = map(float, parts)
    except ValueError:
        return None
    if not all(map(isfinite, (west, south, east, north))) or not -90 <= south <= north <= 90:
        return None
    if max(abs(west), abs(east)) > 720:
        return None
    number = int(zoom) if zoom.isascii() and zoom.isdigit() and len(zoom) < 4 else 0
    return _grid(west, south, east, north, number)


def _grid(west: float, south: float, east: float, north: float, zoom: int) -> Grid:
    if east - west >= 360:
        west, east = -180.0, 180.0
    elif not (-180 <= west <= 180 and -180 <= east <= 180):
        west, east = wrap_lon(west), wrap_lon(east)
    width = east - west if east >= west else east - west + 360
    zoom = min(zoom, MAX_ZOOM)
    while True:
        cell = 360 / (2**zoom * _TO_A_TILE)
        if not zoom or (width / cell + 2) * ((north - south) / cell + 2) <= MAX_SQUARES:
            break
        zoom -= 1
    # At least one square, also where a view without a size lies on a line between two.
    south, north = _widen(south + 90, north + 90, cell)
    south, north = max(-90.0, south - 90), min(90.0, north - 90)
    if east >= west:
        left, right = _widen(west + 180, east + 180, cell)
    else:
        left, right = floor((west + 180) / cell) * cell, ceil((east + 180) / cell) * cell
    left, right = left - 180, min(180.0, right - 180)
    if east >= west:
        ranges: tuple[tuple[float, float], ...] = ((left, right),)
    elif left <= right:
        # Widened to whole squares, both ends meet.
        ranges = ((-180.0, 180.0),)
    else:
        ranges = ((-180.0, right), (left, 180.0))
    return Grid(zoom, cell, Box(south, north, ranges))


def _widen(low: float, high: float, cell: float) -> tuple[float, float]:
    first = floor(low / cell)
    return first * cell, max(first + 1, ceil(high / cell)) * cell
