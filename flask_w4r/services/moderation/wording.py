"""What a text in somebody's own words has that whoever reads it should be told of: links, addresses, insults, and what a case
asks to leave out. Nothing here refuses anything: a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from typing import Any

from ..people.links import has_link

_EMAIL = re.compile(r"[^\s@<>()]+\s?(?:@|\(at\)|\[at\])\s?[^\s@<>()]+\.\w{2,}", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b[a-z0-9-]{2,}\.(?:com|net|org|info|me|io|ly|ru|gg|cc|eu|de|fr|uk|app|link|site|shop)\b", re.IGNORECASE
)
_HANDLE = re.compile(r"(?<![\w@])@\w{3,}")
#: Digits in any script with what parts them; a date is one too, and is looked at apart.
_NUMBER = re.compile(r"(?<![\w.])\+?\(?\d(?:[\s().\u2010-\u2015/-]{0,2}\d){6,14}(?!\w)")
_DATE = re.compile(r"\d{1,2}([./\s-])\d{1,2}\1\d{2,4}|\d{4}([./-])\d{1,2}\2\d{1,2}")
_STREET = re.compile(
    r"\b(?:p\.?\s?o\.?\s?box|postbox|postfach|bo[iî]te postale)\b"
    r"|\b\d{1,5}[a-z]?,?\s(?:[^\W\d_]+[\s-]){0,3}(?:street|st|road|rd|avenue|ave|lane|drive|rue|boulevard|place|calle|stra(?:ß|ss)e|weg|via)\b"
    r"|\b(?:rue|calle|avenida|via|شارع)\s(?:[^\W\d_]+\s){1,4}\d{1,5}\b"
    r"|\b[^\W\d_]*(?:straße|strasse|weg|gasse|platz|straat|gatan|vej)\s\d{1,4}\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_DOTS = str.maketrans({"\u3002": ".", "\u2024": ".", "\uff0e": "."})


def folded(text: str) -> str:
    """A text as words are compared: no case, no marks over or under letters, no long strokes within Arabic words."""
    parts = unicodedata.normalize("NFKD", text.replace("\u0640", "").casefold())
    return "".join(char for char in parts if unicodedata.category(char) != "Mn")


@cache
def _words(name: str) -> frozenset[str]:
    # A line that begins with "#" names the language of those below it.
    text = (resources.files(__package__) / "words" / f"{name}.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(filter(None, (" ".join(_WORD.findall(folded(line))) for line in lines)))


def _says(text: str, name: str) -> bool:
    """Whether words of a list stand in a text, as whole words; in scripts that part none, anywhere."""
    plain = folded(text)
    spaced = f" {' '.join(_WORD.findall(plain))} "
    return any(f" {word} " in spaced if _parts_words(word) else word in plain for word in _words(name))


def _parts_words(word: str) -> bool:
    return not any("\u3040" <= char <= "\u30ff" or "\u4e00" <= char <= "\u9fff" for char in word)


def _has_number(text: str) -> bool:
    return any(not _DATE.fullmatch(found.group().strip(" ()")) for found in _NUMBER.finditer(text))


def text_findings(text: str, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """What stands in a text.

    :param text: as it is kept.
    :param without: what is to be left out of it besides, of :data:`ASKED`.
    :returns: what rows keep as reasons: checks that hold, without points.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS)
    email = bool(_EMAIL.search(plain))
    found = {
        "text_email": email,
        "text_link": has_link(_EMAIL.sub(" ", plain)) or bool(_DOMAIN.search(_EMAIL.sub(" ", plain))),
        "text_handle": bool(_HANDLE.search(plain)) and not email,
        "text_phone": _has_number(plain),
        "text_street": bool(_STREET.search(plain)),
        "text_insult": _says(plain, "insults"),
        **{check: _says(plain, name) for name, check in ASKED.items() if name in without},
    }
    return [{"check": check, "score": 0, "hold": True} for check, is_so in found.items() if is_so]


#: What a case may ask to leave out, and the check that finds it.
ASKED: Mapping[str, str] = {"religion": "text_religion", "holidays": "text_holiday", "movement": "text_movement"}
#: Every check of a text.
CHECKS = frozenset(
    {"text_email", "text_link", "text_handle", "text_phone", "text_street", "text_insult", *ASKED.values()}
)
