"""Setting words on a picture: broken into lines, as large as they fit, in the direction of their script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..printing.faces import Face, face_for, has_raqm
from .lengths import CUT, clusters

#: Scripts in which a line may end after any character.
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
#: What never begins a line, and stays with what is before it.
_CLOSING = "、。，．！？：；）」』】〉》”’…ー々"
#: Scripts without spaces, whose words only a dictionary tells apart.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
#: What no font draws and Raqm refuses: controls, halves of characters, and what is none.
_NEVER = ("Cc", "Cs", "Cn")
_PIECES = re.compile(rf"[{_WIDE}][{_CLOSING}]*\s*|[^\s{_WIDE}]+\s*|\s+")


@dataclass(frozen=True)
class Words:
    """A text with the fonts it is drawn in.

    :ivar face: one font that has all of it; or ``faces``: by word, the font of each.
    :ivar cut: how it ends where it has to be cut.
    """

    text: str
    direction: str
    lang: str
    face: Face | None
    faces: Sequence[tuple[str, Face]] = ()
    cut: str = CUT


@dataclass(frozen=True)
class Lines:
    """Words as they are set: lines, the size, and the distance of one line from the next."""

    words: Words
    lines: Sequence[str]
    size: int
    step: int

    @property
    def height(self) -> int:
        """Of all lines."""
        return self.step * len(self.lines)


def words_for(text: str, *, bold: bool, direction: str, lang: str, font_paths: tuple[str, ...]) -> Words | None:
    """A text that can be drawn whole; ``None``: some of it cannot, and half a sentence is none."""
    text = " ".join(
        "".join(char for char in text if unicodedata.category(char) not in _NEVER or char.isspace()).split()
    )
    if not text:
        return None
    whole = face_for(text, bold=bold, font_paths=font_paths)
    if whole is not None:
        return Words(text, direction, lang, whole, cut=CUT if whole.has(CUT) else "...")
    faces = [(word, face_for(word, bold=bold, font_paths=font_paths)) for word in {*text.split(" "), CUT}]
    if any(face is None for _, face in faces):
        return None
    return Words(text, direction, lang, None, [(word, face) for word, face in faces if face is not None])


def set_in(words: Words, width: int, height: int, *, largest: int, smallest: int, leading: float = 1.2) -> Lines:
    """The largest size in which a text fits; in the smallest it is cut, with ``…``, where it must be."""
    for size in range(largest, smallest - 1, -2):
        found = _wrapped(words, width, size, leading)
        if found.height <= height and not _breaks_words(words, width, size):
            return found
    found = _wrapped(words, width, smallest, leading)
    fits = max(1, height // found.step)
    if len(found.lines) <= fits:
        return found
    last = clusters(found.lines[fits - 1])
    while last and _length(words, "".join(last).rstrip() + words.cut, smallest) > width:
        last.pop()
    return Lines(words, [*found.lines[: fits - 1], "".join(last).rstrip() + words.cut], smallest, found.step)


def _wrapped(words: Words, width: int, size: int, leading: float) -> Lines:
    lines, line = [], ""
    for piece in _pieces(words, width, size):
        if line and _length(words, (line + piece).rstrip(), size) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return Lines(words, [*lines, line.rstrip()], size, round(size * leading))


def _pieces(words: Words, width: int, size: int) -> list[str]:
    """What may not be broken; one that is wider than a line is broken all the same."""
    found: list[str] = []
    for piece in _PIECES.findall(words.text):
        if _length(words, piece.rstrip(), size) <= width:
            found.append(piece)
            continue
        part = ""
        for one in clusters(piece):
            if part and _length(words, part + one, size) > width:
                found.append(part)
                part = ""
            part += one
        found.append(part)
    return found


def _breaks_words(words: Words, width: int, size: int) -> bool:
    return any(
        _length(words, piece.rstrip(), size) > width and not _UNSPACED.search(piece)
        for piece in _PIECES.findall(words.text)
    )


def _options(words: Words) -> dict[str, Any]:
    return {"direction": words.direction, "language": words.lang} if has_raqm() else {}


def _length(words: Words, line: str, size: int) -> float:
    if words.face is not None:
        return float(words.face.at(size).getlength(line, **_options(words)))
    space = size * 0.28
    parts = [(face, word) for face, word, _ in _in_order(words, line)]
    return sum(float(face.at(size).getlength(word)) for face, word in parts) + space * (len(parts) - 1)


def draw(canvas: Any, lines: Lines, box: tuple[int, int], width: int, colour: str) -> int:
    """Draw lines at the side where their script begins; returns where the next thing may stand.

    :param box: left and top of where they stand.
    """
    (left, top), words = box, lines.words
    for number, line in enumerate(lines.lines):
        base = top + number * lines.step + round(lines.size * 0.95)
        start = left + width - _length(words, line, lines.size) if words.direction == "rtl" else left
        if words.face is not None:
            font = words.face.at(lines.size)
            canvas.text((start, base), line, font=font, fill=colour, anchor="ls", **_options(words))
            continue
        for face, word, _ in _in_order(words, line):
            font = face.at(lines.size)
            canvas.text((start, base), word, font=font, fill=colour, anchor="ls")
            start += font.getlength(word) + lines.size * 0.28
    return top + lines.height


def _in_order(words: Words, line: str) -> list[tuple[Face, str, bool]]:
    """The words of a line from left to right, each with its font: those of the other direction keep their own order."""
    known, rtl = dict(words.faces), words.direction == "rtl"
    parts = []
    for word in line.split(" "):
        face = known.get(word) or known[CUT] if word == CUT else known.get(word)
        if face is None:
            # Cut at the end of the last line.
            face = next(one for full, one in words.faces if full.startswith(word.rstrip(CUT)))
        parts.append((face, word, _is_rtl(word, rtl)))
    found: list[list[tuple[Face, str, bool]]] = []
    for part in parts:
        if found and found[-1][0][2] == part[2]:
            found[-1].append(part)
        else:
            found.append([part])
    runs = [run[::-1] if run[0][2] else run for run in (found[::-1] if rtl else found)]
    return [part for run in runs for part in run]


def _is_rtl(word: str, usual: bool) -> bool:
    kinds = [unicodedata.bidirectional(char) for char in word]
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), usual)
