"""Which way a text runs, by what it says and not by the page that it was typed into."""

from __future__ import annotations

import unicodedata

from ...sections import text_direction


def direction(text: str) -> str:
    """``rtl`` or ``ltr``, by the first letter that has a direction (Unicode UAX 9, rules P2 and P3)."""
    strong = (unicodedata.bidirectional(char) for char in text)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "L")
    return "ltr" if first == "L" else "rtl"


def language(text: str, locale: str) -> str:
    """What a text is marked as being written in: the language of the page that it was typed into, unless it runs another way;
    empty where nobody can tell.

    :param locale: of that page.
    """
    return locale if direction(text) == text_direction(locale) else ""
