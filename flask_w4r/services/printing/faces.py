"""Fonts for pictures: the files that the site or the system has, and which of them can draw a text.

Pillow draws; with Raqm (its wheels have it, where the system has FriBiDi) it joins and orders the letters of any script.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

#: Where systems keep fonts.
_SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
           "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip
_ENDINGS = (".ttf", ".otf", ".ttc")
#: Those asked first, by how their files' names begin; then other fonts without serifs, then all others.
_FIRST = ("NotoSans-", "NotoSansCJK-", "NotoSansArabic-", "NotoNaskhArabic-", "DejaVuSans-", "DejaVuSans.", "Roboto-",
          "OpenSans-", "LiberationSans-", "Arial")  # fmt: skip
#: Faces that are not for reading.
_NEVER = ("mono", "condensed", "italic", "oblique", "emoji", "symbol", "unjoined", "math", "extralight", "lastresort")
#: Scripts that are written from right to left, and joined or not, need Raqm; so do those whose letters change places.
_PLAIN_ENOUGH = ((0, 0x2FF), (0x370, 0x52F), (0x1E00, 0x206F), (0x20A0, 0x20CF), (0x3000, 0x30FF), (0x31F0, 0x9FFF),
                 (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))  # fmt: skip


@dataclass(frozen=True)
class Face:
    """A font's file."""

    path: str

    def at(self, size: int) -> Any:
        """The font in a size, in pixels."""
        return _opened(self.path, size)

    def has(self, text: str) -> bool:
        """Whether it can draw all characters of a text."""
        return _has(self.path, frozenset(char for char in text if _is_drawn(char)))


@lru_cache(maxsize=512)
def _opened(path: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(path, size)


def has_raqm() -> bool:
    """Whether letters are joined and ordered as their script wants it."""
    from PIL import features

    return bool(features.check("raqm"))


def is_plain(text: str) -> bool:
    """Whether a text can be drawn letter by letter, from left to right."""
    return all(any(first <= ord(char) <= last for first, last in _PLAIN_ENOUGH) for char in text)


def face_for(text: str, *, bold: bool, font_paths: tuple[str, ...]) -> Face | None:
    """One font that has all characters of a text; ``None``: there is none, or its script cannot be drawn here.

    :param bold: a bold one, where one can.
    :param font_paths: folders with fonts, asked before the system's.
    """
    if not is_plain(text) and not has_raqm():
        return None
    drawn = frozenset(char for char in text if _is_drawn(char))
    return _face_for(drawn, bold, font_paths)


@lru_cache(maxsize=1024)
def _face_for(chars: frozenset[str], bold: bool, font_paths: tuple[str, ...]) -> Face | None:
    return next((Face(path) for path in _in_order(bold, font_paths) if _has(path, chars)), None)


def _is_drawn(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
        return False
    return not (0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF)


@lru_cache(maxsize=8)
def _in_order(bold: bool, font_paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files of all fonts, those to be asked first at the front."""

    def place(path: str) -> tuple[Any, ...]:
        name = Path(path).name
        known = next((at for at, first in enumerate(_FIRST) if name.startswith(first)), len(_FIRST))
        serif = "serif" in name.lower() or "sans" not in name.lower()
        heavy = "bold" in name.lower() and "semi" not in name.lower()
        own = any(Path(path).is_relative_to(folder) for folder in font_paths)
        return (not own, heavy != bold, known, serif, name)

    return tuple(sorted(set(_files((*font_paths, *_SYSTEM))), key=place))


def _files(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        for root, _, names in os.walk(os.path.expanduser(folder)):
            for name in names:
                lower = name.lower()
                if lower.endswith(_ENDINGS) and not any(word in lower for word in _NEVER):
                    yield os.path.join(root, name)


def _has(path: str, chars: frozenset[str]) -> bool:
    """Whether a font has some characters: what it draws for each is not what it draws for one that does not exist."""
    from PIL import ImageFont

    with suppress(OSError):
        font = ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
        none = _drawn(font, chr(sys.maxunicode))
        return all(_drawn(font, char) != none for char in sorted(chars))
    return False


def _drawn(font: Any, char: str) -> tuple[Any, bytes]:
    mask = font.getmask(char)
    return mask.size, bytes(mask)


def undrawable(texts: Iterable[str], font_paths: tuple[str, ...]) -> str:
    """The characters of some texts that no font here can draw, or that want Raqm where there is none."""
    letters = {char for text in texts for char in text if _is_drawn(char)}
    return "".join(sorted(char for char in letters if face_for(char, bold=False, font_paths=font_paths) is None))
