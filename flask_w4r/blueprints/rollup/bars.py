"""Where the bars of the world's chart stand: numbers for an SVG, worked out here so that templates only draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 800
_ROW, _BAR, _LABEL = 68, 24, 28
#: Room for the number at the end of the longest bar.
_NUMBER = 170
#: A bar that is there can be seen.
_LEAST = 2.0


@dataclass(frozen=True)
class Bar:
    """One line of the chart: its words above a bar, and its number at the bar's end."""

    words: str
    number: int
    label_y: float
    bar_y: float
    x: float
    width: float
    end: float


@dataclass(frozen=True)
class Bars:
    """A whole chart within ``width`` and ``height``, its bars from the beginning of the line."""

    width: int
    height: int
    thick: int
    start: int
    anchor: str
    bars: Sequence[Bar]


def bars_of(numbers: Mapping[str, int], *, rtl: bool) -> Bars:
    """Lay out a chart of some numbers, the largest first.

    :param numbers: by the words that stand at each.
    :param rtl: it is read from the right.
    """
    rows = sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
    most = max((number for _, number in rows), default=0)
    bars = []
    for place, (words, number) in enumerate(rows):
        size = round(max(_LEAST, (WIDTH - _NUMBER) * number / most) if most else _LEAST, 1)
        top = place * _ROW
        end = WIDTH - size - 10 if rtl else size + 10
        bars.append(Bar(words, number, top + _LABEL - 8, top + _LABEL, WIDTH - size if rtl else 0, size, round(end, 1)))
    return Bars(WIDTH, max(_ROW, len(rows) * _ROW), _BAR, WIDTH if rtl else 0, "start", bars)
