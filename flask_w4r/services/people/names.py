"""How names of people are put together and compared.

A person has a first and a last name, or one: then it is the first, and the last is empty.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

#: Words that are half a name: "Abd" is nobody's.
_HALVES = frozenset(["abd", "abdel", "abdul", "abou", "abu", "umm", "عبد", "أبو", "ابو", "أم", "ام"])


def fold_name(first: str, last: str) -> str:
    """A name as compared with another: compatibility form, case folded, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", f"{first} {last}").casefold().split())


def full_name(person: Mapping[str, Any]) -> str:
    """The name as it is shown and printed.

    :param person: what is sealed of somebody: ``first_name`` and ``last_name``, either of which may be missing.
    """
    return " ".join(str(part) for part in (person.get("first_name"), person.get("last_name")) if part)


def first_of(name: str) -> str:
    """The part of a name by which somebody is called where the whole is nobody's business.

    It is the first word, and the next with it where that is half a name. One name is shown as it is.

    :param name: the whole name, as somebody typed it in one field.
    """
    first, *rest = name.split() or [""]
    return " ".join([first, *rest[:1]] if first.casefold() in _HALVES else [first])
