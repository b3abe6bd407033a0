"""How the names of towns and postcodes are compared: without case, marks and signs, whatever keyboard typed them."""

from __future__ import annotations

import re
import unicodedata

from ...i18n import plain_digits

MAX_FOLDED = 100
#: Normalising a very long run of marks takes time with the square of its length.
_MAX_RAW = 400

# Letters that Unicode does not take apart, and what people write for them.
_LETTERS = str.maketrans({
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n",
    # Arabic: one letter in several shapes, as keyboards of different countries give them.
    "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ە": "ه", "ٱ": "ا", "ـ": "",
})  # fmt: skip
_MARKS = frozenset({"Mn", "Mc", "Me", "Cf"})
_APART = re.compile(r"[^\w]+|_")
# Written short before another word. "st" alone stays: it may be the beginning of Stockholm.
_SHORT = {"st": "saint", "ste": "sainte", "mt": "mount", "ft": "fort"}


def fold(text: str) -> str:
    """A name as it is looked up: ``Saint-Étienne`` and ``st etienne`` both become ``saint etienne``.

    Folding a folded name changes nothing. A text without any letter or digit becomes empty.

    :param text: anything; what is longer than a name is cut.
    """
    text = text[:_MAX_RAW].casefold()
    if not text.isascii():
        # Taking apart may uncover a capital (as of 𝕊) and folding its case something to take apart: a few rounds do.
        for _ in range(4):
            text, before = _take_apart(text), text
            if text == before:
                break
    # An apostrophe joins (N'Djamena), anything else parts.
    words = _APART.sub(" ", re.sub("['’‘ʼʻ`´]", "", text)).split()
    words[:-1] = [_SHORT.get(word, word) for word in words[:-1]]
    return " ".join(words)[:MAX_FOLDED].rstrip()


def other_article(folded: str) -> str:
    """A folded Arabic name without its article, or with one, as people write it either way; nothing for other names."""
    if not folded or not "\u0621" <= folded[0] <= "\u064a":
        return ""
    return folded.removeprefix("ال").lstrip() if folded.startswith("ال") else f"ال{folded}"[:MAX_FOLDED]


def _take_apart(text: str) -> str:
    plain = (char for char in unicodedata.normalize("NFKD", text) if unicodedata.category(char) not in _MARKS)
    return "".join(plain).casefold().translate(_LETTERS)


def fold_postcode(text: str) -> str:
    """A postcode as it is looked up: upper case, letters and digits alone, at most 20."""
    plain = plain_digits(unicodedata.normalize("NFKC", text[:_MAX_RAW])).upper()
    return "".join(char for char in plain if char.isalnum())[:20]
