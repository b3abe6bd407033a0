"""The pictures of a case by shape: their sizes, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...i18n import lazy_gettext


@dataclass(frozen=True)
class Shape:
    """A picture's size, in pixels.

    :param words: what it is for.
    """

    name: str
    width: int
    height: int
    words: Any


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("wide", 1200, 630, lazy_gettext("For a post with a link")),
        Shape("square", 1080, 1080, lazy_gettext("For a post with a picture")),
        Shape("story", 1080, 1920, lazy_gettext("For a story, or a phone’s status")),
    )
}
