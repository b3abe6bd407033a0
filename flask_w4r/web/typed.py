"""What was typed, as a field of a page may hold it again: HTML (4.10.5.1) has no place for more in a field of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and text.isprintable() and " " not in text


def _reads(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return check


def _local(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is not None:
        raise ValueError(text)


#: What the kinds of fields that take not any line may hold.
_FITS: Mapping[str, Callable[[str], bool]] = {
    "date": lambda text: len(text) == 10 and _reads(date.fromisoformat)(text),
    "datetime-local": lambda text: len(text) >= 16 and text[10] in "T " and _reads(_local)(text),
    "url": _is_address,
}


def one_line(value: Any) -> str:
    """A value on one line, as browsers send it."""
    return " ".join(str(value).splitlines())


def kind_for(kind: str, value: Any) -> str:
    """The kind of field that a value can be given back in: the one that is meant, or one that takes any line."""
    text = one_line(value)
    return kind if not text or kind not in _FITS or _FITS[kind](text) else "text"
