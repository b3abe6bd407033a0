"""Which letters no font at hand can print, found before a book is made and not by whoever opens it."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress

from .typeset import insist_on_typst

#: Typst brings fonts for Latin, Greek and Cyrillic, and for the marks of a text.
_BROUGHT = ((0x20, 0x52F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x20BF))
#: What is never drawn: controls, marks of direction, variation selectors.
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}


def missing(letters: Iterable[str], font_paths: tuple[str, ...]) -> Mapping[str, str]:
    """Which of some characters no font has.

    :param letters: characters.
    :param font_paths: folders with fonts, beside the system's.
    :returns: by the name of the script, the characters.
    :raises PDFUnavailable: a library is missing.
    """
    insist_on_typst()
    from fontTools import unicodedata as scripts

    left = {ord(char) for char in letters if _is_drawn(char)}
    if left:
        left -= _covered(left, font_paths)
    found: dict[str, list[str]] = defaultdict(list)
    for code in sorted(left):
        found[scripts.script_name(scripts.script(chr(code)))].append(chr(code))
    return {name: "".join(chars) for name, chars in sorted(found.items())}


def lacking(found: Mapping[str, str]) -> str:
    """What to say of characters that no font has; see :func:`missing`."""
    listed = ", ".join(f"{name} ({len(chars)})" for name, chars in found.items())
    return (
        f"no font here has some letters of these scripts: {listed}; install fonts that do, such as Noto, or name"
        " their folder in W4R_FONT_PATH"
    )


def _is_drawn(char: str) -> bool:
    code = ord(char)
    if any(first <= code <= last for first, last in _BROUGHT):
        return False
    return unicodedata.category(char) not in _UNSEEN and not (0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF)


def _covered(wanted: set[int], font_paths: tuple[str, ...]) -> set[int]:
    import typst
    from fontTools.ttLib import TTFont, TTLibError

    found: set[int] = set()
    for font in typst.Fonts(font_paths=list(font_paths)).fonts():
        if wanted <= found:
            break
        if font.path is not None:
            # A file that is no font after all is none for Typst either.
            with suppress(OSError, TTLibError, KeyError), TTFont(font.path, fontNumber=font.index, lazy=True) as file:
                found |= wanted & (file.getBestCmap() or {}).keys()
    return found & wanted
