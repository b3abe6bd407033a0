"""The six quiet patterns behind initials, as the site's pages draw them: ruled paper, airmail edge, postmark, perforation,
envelope flaps, folds. Measured in a field of 400 by 300."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Point = tuple[float, float]
_Lines = Iterator[tuple[list[Point], float]]
_LIGHT, _DARK = ("#f4f3ee", "#d3d1c8", "#0b0b0b"), ("#0b0b0b", "#45443f", "#ffffff")
#: Those on a dark ground.
_ON_DARK = frozenset((1, 3, 4))
_DOTTED = 3


def colours(pattern: int) -> tuple[str, str, str]:
    """Ground, lines and letters."""
    return _DARK if pattern in _ON_DARK else _LIGHT


def field(pattern: int, width: int, height: int, initials: str, face: Any) -> Any:
    """A picture of a pattern with initials in its middle, and room around them.

    :param face: the font of the initials; ``None``: nothing can write them.
    """
    from PIL import Image, ImageDraw

    ground, line, ink = colours(pattern)
    # Twice as large, and then made smaller, so that slanting lines are smooth.
    canvas = Image.new("RGB", (width * 2, height * 2), ground)
    pen = ImageDraw.Draw(canvas)
    scale = max(width / 400, height / 300) * 2
    for points, stroke in _LINES[pattern](canvas.width / scale, canvas.height / scale):
        pen.line([(x * scale, y * scale) for x, y in points], fill=line, width=round(stroke * scale), joint="curve")
    for x, y in _dots(canvas.width / scale, canvas.height / scale) if pattern == _DOTTED else ():
        pen.ellipse([at * scale + side * 4.5 * scale for side in (-1, 1) for at in (x, y)], fill=line)
    if face is not None and initials:
        font, middle = face.at(round(min(width / 400, height / 300) * 300)), (width, height)
        pen.text(middle, initials, font=font, fill=ink, anchor="mm", stroke_width=round(font.size * 0.13),
                 stroke_fill=ground)  # fmt: skip
        pen.text(middle, initials, font=font, fill=ink, anchor="mm")
    return canvas.resize((width, height), Image.Resampling.LANCZOS)


def _every(step: float, end: float, start: float = 0.0) -> Iterator[float]:
    at = start
    while at <= end:
        yield at
        at += step


def _ruled(width: float, height: float) -> _Lines:
    for y in _every(30, height, 29):
        yield [(0, y), (width, y)], 2


def _airmail(width: float, height: float) -> _Lines:
    for x in _every(48 * math.sqrt(2), width + height, -height):
        yield [(x, 0), (x + height, height)], 14


def _postmark(width: float, height: float) -> _Lines:
    for y in _every(34, height, 17):
        yield [(x, y - 10 * math.sin(x / 80 * 2 * math.pi)) for x in _every(5, width)], 2


def _dots(width: float, height: float) -> Iterator[Point]:
    for y in _every(28, height, 14):
        for x in _every(28, width, 14):
            yield x, y


def _flaps(width: float, height: float) -> _Lines:
    for y in _every(25, height, -23):
        yield [(x, y + (32 if number % 2 else 0)) for number, x in enumerate(_every(40, width + 40))], 2


def _folds(width: float, height: float) -> _Lines:
    for y in _every(75, height):
        yield [(0, y), (width, y)], 2
        for x in _every(100, width):
            yield [(x, y + 75), (x + 100, y)], 2
    for x in _every(100, width):
        yield [(x, 0), (x, height)], 2


_LINES: Mapping[int, Callable[[float, float], _Lines]] = {
    0: _ruled, 1: _airmail, 2: _postmark, 3: lambda width, height: iter(()), 4: _flaps, 5: _folds,
}  # fmt: skip
