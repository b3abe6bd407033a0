"""People's names and other short texts: cleaned, never judged by their letters.

Only an empty or an endless name is refused. Marks, mixed scripts and links add to a score, since real names hold more
kinds of signs than any rule knows.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from ..config_defaults import DEFAULT_SCORING
from ..services.people.links import has_link
from .findings import Finding

MAX_NAME = 100
#: Normalising a very long run of marks takes time with the square of its length.
_RAW_FACTOR = 4
_MAX_MARKS = 3

_JOINERS = "\u200c\u200d"
# Letters to Unicode, blank to the eye.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Alphabets whose letters pass for one another. Japanese or Korean names mix scripts by right.
_LOOKALIKES = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
_WORD = re.compile(r"[^\W\d_]+")
FaultKey = Literal["empty", "too_long"]


class NameFault(ValueError):
    """The name cannot be taken. ``key`` is ``empty`` or ``too_long``."""

    def __init__(self, key: FaultKey) -> None:
        self.key: FaultKey = key
        super().__init__(key)


def clean_text(text: str, max_length: int) -> str:
    """Return a text on one line, composed (NFC), without control, format and direction marks, and what is no character.

    The joiners that Persian or Hindi spelling needs stay where they stand between letters. Cleaning a cleaned text
    changes nothing.

    :param text: anything.
    :param max_length: longer text is cut.
    """
    text = text[: max_length * _RAW_FACTOR]
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _strip_marks(text))
    cleaned = " ".join(text.split())
    if len(cleaned) > max_length:
        cleaned = cleaned[:max_length].rstrip(" " + _JOINERS)
    return cleaned


def clean_lines(text: str, max_length: int) -> str:
    """The same for a text of several lines: they stay, with one empty line between them at most.

    :param max_length: longer text is cut.
    """
    lines = [clean_text(line, max_length) for line in text[: max_length * _RAW_FACTOR].splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:max_length].rstrip()


def _is_no_character(char: str) -> bool:
    """Whether Unicode keeps the code point from ever being a character: no HTML may hold it."""
    return ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"


def _strip_marks(text: str) -> str:
    kept: list[str] = []
    for position, char in enumerate(text):
        if char in _JOINERS:
            following = text[position + 1 : position + 2]
            if kept and _is_letter(kept[-1]) and following and unicodedata.category(following)[0] == "L":
                kept.append(char)
        elif char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) not in ("Cc", "Cf", "Cs") and not _is_no_character(char):
            kept.append(char)
    return "".join(kept)


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM"


def check_name(text: str | None) -> str:
    """Clean a name.

    :returns: the name as it is kept.
    :raises NameFault: when nothing visible is left, or when it is longer than 100 characters.
    """
    text = text or ""
    if len(text.strip()) > MAX_NAME * _RAW_FACTOR:
        raise NameFault("too_long")
    cleaned = clean_text(text.strip(), MAX_NAME * _RAW_FACTOR)
    if not any(_is_visible(char) for char in cleaned):
        raise NameFault("empty")
    if len(cleaned) > MAX_NAME:
        raise NameFault("too_long")
    return cleaned


def _is_visible(char: str) -> bool:
    return char not in _BLANKS and unicodedata.category(char)[0] in "LNPS"


def name_findings(first: str, last: str, scoring: Mapping[str, int] = DEFAULT_SCORING) -> list[Finding]:
    """Look at a cleaned name.

    :param scoring: points for ``name_marks``, ``name_scripts`` and ``name_link``.
    :returns: what adds to the score; most names give nothing.
    """
    full = f"{first} {last}"
    findings = []
    if not full.isascii():
        if _has_stacked_marks(full):
            findings.append(Finding("name_marks", scoring["name_marks"]))
        if any(_mixes_lookalikes(word) for word in _WORD.findall(full)):
            findings.append(Finding("name_scripts", scoring["name_scripts"]))
    if has_link(full):
        findings.append(Finding("name_link", scoring["name_link"]))
    return findings


def _has_stacked_marks(text: str) -> bool:
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if run > _MAX_MARKS:
            return True
    return False


def _mixes_lookalikes(word: str) -> bool:
    return not word.isascii() and len({_script(char) for char in word} & _LOOKALIKES) > 1


@functools.lru_cache(maxsize=2048)
def _script(char: str) -> str:
    # The standard library has no script property; a letter's name begins with its script.
    return unicodedata.name(char, "").partition(" ")[0]
