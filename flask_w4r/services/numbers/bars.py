"""Bars as SVG, without words: what is printed says them beside each, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

_COLOUR = "#1a1a17"
_GROUND = "#c9c9c2"


def across(length: int, most: int, *, rtl: bool) -> str:
    """One bar from where a line begins, within 200 by 12.

    :param most: what fills the whole width.
    """
    size = max(1.0, round(200 * length / most, 1)) if length else 0
    x = round(200 - size, 1) if rtl else 0
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 12" width="200" height="12">'
        f'<rect x="{x}" y="0" width="{size}" height="12" fill="{_COLOUR}"/></svg>'
    )


def upright(heights: Sequence[int], *, rtl: bool) -> str:
    """Bars beside each other, oldest first, within 800 by 160."""
    most, slot = max(heights, default=0) or 1, 800 / max(1, len(heights))
    drawn = [f'<rect x="0" y="159" width="800" height="1" fill="{_GROUND}"/>']
    for place, height in enumerate(heights):
        if height:
            size = max(1.0, round(158 * height / most, 1))
            x = place * slot + slot * 0.1
            x = round(800 - x - slot * 0.8 if rtl else x, 1)
            drawn.append(
                f'<rect x="{x}" y="{round(159 - size, 1)}" width="{round(slot * 0.8, 1)}" height="{size}" fill="{_COLOUR}"/>'
            )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 160" width="800" height="160">'
        + "".join(drawn)
        + "</svg>"
    )
