"""Where the bars of the desk's charts stand: numbers for an SVG, worked out here so that templates only draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...services.moderation.overview import SEGMENTS, Bucket

WIDTH, HEIGHT = 800, 240
_LEFT, _FOOT, _HEAD = 60, 40, 26
_GROUND = HEIGHT - _FOOT
_TICKS = 4
_FILLED = 0.78
#: The highest bar's number stays so far from the edges.
_EDGE = 36
#: At most so many words stand under the bars.
_LABELS = 7


@dataclass(frozen=True)
class Bar:
    """One stacked bar: ``(segment, y, height)`` from the ground up."""

    x: float
    width: float
    segments: Sequence[tuple[str, float, float]]


@dataclass(frozen=True)
class Chart:
    """A whole chart within ``width`` and ``height``."""

    width: int
    height: int
    ground: int
    #: Where lines across begin and end, and where the numbers beside them stand.
    start: int
    end: int
    scale_x: int
    #: ``(value, y)`` of each line across.
    lines: Sequence[tuple[int, float]]
    bars: Sequence[Bar]
    #: ``(moment, x)`` of each word under the bars.
    labels: Sequence[tuple[datetime, float]]
    #: ``(count, x, y)`` of the highest bar.
    top: tuple[int, float, float] | None


def ceiling(highest: int) -> tuple[int, int]:
    """A round number at or above ``highest``, and the step between the lines below it."""
    rough = max(1, highest) / _TICKS
    size = 10 ** math.floor(math.log10(rough)) if rough >= 1 else 1
    step = next(
        int(size * part) for part in (1, 2, 2.5, 5, 10) if size * part >= rough and size * part == int(size * part)
    )
    return step * max(1, math.ceil(highest / step)), step


def chart_of(buckets: Sequence[Bucket], *, rtl: bool) -> Chart:
    """Lay out a chart of what arrived.

    :param buckets: oldest first.
    :param rtl: time runs from right to left, and the numbers stand at the right.
    """
    highest = max((bucket.submitted for bucket in buckets), default=0)
    most, step = ceiling(highest)
    slot = (WIDTH - _LEFT) / max(1, len(buckets))
    width = slot * _FILLED
    unit = (_GROUND - _HEAD) / most

    def mirrored(x: float, size: float = 0) -> float:
        return round(WIDTH - x - size if rtl else x, 1)

    bars, top = [], None
    for number, bucket in enumerate(buckets):
        x, y = mirrored(_LEFT + number * slot + (slot - width) / 2, width), float(_GROUND)
        segments = []
        for name in SEGMENTS:
            if bucket.parts[name]:
                height = bucket.parts[name] * unit
                y -= height
                segments.append((name, round(y, 1), round(height, 1)))
        bars.append(Bar(x, round(width, 1), segments))
        if highest and top is None and bucket.submitted == highest:
            middle = min(max(x + width / 2, _EDGE), WIDTH - _EDGE)
            top = (highest, round(middle, 1), round(_GROUND - highest * unit - 7, 1))
    every = max(1, math.ceil(len(buckets) / _LABELS))
    labels = [
        (bucket.start, mirrored(_LEFT + (number + 0.5) * slot))
        for number, bucket in enumerate(buckets)
        if number % every == 0
    ]
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        ground=_GROUND,
        start=0 if rtl else _LEFT,
        end=WIDTH - _LEFT if rtl else WIDTH,
        scale_x=WIDTH if rtl else 0,
        lines=[(value, round(_GROUND - value * unit, 1)) for value in range(0, most + 1, step)],
        bars=bars,
        labels=labels,
        top=top,
    )


def spark(bars: Sequence[int], *, rtl: bool) -> list[tuple[float, float, float, float]]:
    """Small bars, ``(x, y, width, height)`` within 100 by 24, the highest as high as there is room."""
    highest, slot = max(bars, default=0), 100 / max(1, len(bars))
    found = []
    for number, count in enumerate(bars):
        if count:
            height = max(1.0, 24 * count / highest)
            x = number * slot
            x = 100 - x - slot * _FILLED if rtl else x
            found.append((round(x, 2), round(24 - height, 2), round(slot * _FILLED, 2), round(height, 2)))
    return found
