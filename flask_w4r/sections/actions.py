"""Types of action that a section counts by beside those that everybody does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def check_actions(value: Any) -> Iterator[str]:
    """A table of words by locale for each type, or a list of types."""
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        value = actions_of(value)
    if not isinstance(value, Mapping):
        yield "must be a table of words by locale for each type, such as {'sms': {'en': 'Text messages'}}, or a list of types"
        return
    for name, words in value.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            yield f"{name!r} must be of lower case letters, digits and underscores, 32 at most"
        elif not isinstance(words, Mapping) or not words or not all(
            isinstance(locale, str) and isinstance(text, str) and text for locale, text in words.items()
        ):  # fmt: skip
            yield f"{name} needs its words for each locale, such as {{'en': 'Text messages'}}"


def actions_of(value: Any) -> Mapping[str, Mapping[str, str]]:
    """What :func:`check_actions` found in order, as words by locale for each type."""
    if isinstance(value, Mapping):
        return value
    return {name: {"en": name.replace("_", " ").capitalize() or name} for name in value}
