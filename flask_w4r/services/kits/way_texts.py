"""The texts of a case that belong to a way to act: letters, emails, posts, words of support. Each may be missing.

In a kit they stand below one key a way in the front matter, as lists and tables; stored, each is a text of its own like any other
(``letter.points``, ``email.2.subject``), so that the centre's corrections and a section's own words meet in the same manner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...topics import WAYS

#: The most variants of an email and of a text to share.
MOST = 5


@dataclass(frozen=True)
class WayText:
    """What a text may be.

    :param longest: in characters.
    :param lines: it may have several.
    :param items: it is a list, stored an item a line.
    """

    longest: int
    lines: bool = False
    items: bool = False


#: By name; ``#`` is the number of a variant, from 1.
WAY_TEXTS: Mapping[str, WayText] = {
    "letter.salutation": WayText(200),
    "letter.points": WayText(1500, items=True),
    "letter.never": WayText(1500, items=True),
    "letter.model": WayText(5000, lines=True),
    "email.#.subject": WayText(150),
    "email.#.text": WayText(4000, lines=True),
    "share.#": WayText(400),
    "solidarity.hint": WayText(1000, lines=True),
    **{f"closed.{way}": WayText(300) for way in WAYS},
}
#: The keys of the front matter that hold them.
ROOTS = tuple(dict.fromkeys(name.partition(".")[0] for name in WAY_TEXTS))
#: ``letter.points`` is a list of texts; ``email`` a list of tables.
_NUMBER = re.compile(r"\.[1-9](?=\.|$)")


def way_text(name: str) -> WayText | None:
    """What a text may be, by its stored name; ``None``: there is no such text."""
    numbers = _NUMBER.findall(name)
    if any(int(number[1:]) > MOST for number in numbers):
        return None
    return WAY_TEXTS.get(_NUMBER.sub(".#", name))


def variants(words: Mapping[str, str], name: str) -> list[str]:
    """Those of a text that are there, in the order of their numbers.

    :param name: with ``#``, such as ``share.#``.
    """
    found = [words.get(name.replace("#", str(number)), "") for number in range(1, MOST + 1)]
    return [text for text in found if text]


def items(words: Mapping[str, str], name: str) -> list[str]:
    """The items of a list, such as ``letter.points``."""
    return [line.strip() for line in words.get(name, "").split("\n") if line.strip()]


def offered(written: Iterable[str]) -> list[str]:
    """The names that whoever edits a case's texts is offered: each, and of variants those that are there and one more.

    :param written: names of the texts that are there.
    """
    there, names = set(written), []
    for number in range(1, MOST + 1):
        for name in WAY_TEXTS:
            full = name.replace("#", str(number))
            if "#" not in name and number > 1:
                continue
            before = name.replace("#", str(number - 1))
            if "#" not in name or number == 1 or full in there or before in there:
                names.append(full)
    order = {root: place for place, root in enumerate(ROOTS)}
    return sorted(names, key=lambda name: order[name.partition(".")[0]])


def nested(words: Mapping[str, str]) -> dict[str, Any]:
    """The texts as they stand in the front matter: tables, lists and texts."""
    found: dict[str, Any] = {}
    for root in ROOTS:
        below = {name.partition(".")[2]: text for name, text in words.items() if name.startswith(f"{root}.")}
        if below:
            found[root] = _nested(root, below)
    return found


def _nested(path: str, below: Mapping[str, str]) -> Any:
    heads = list(dict.fromkeys(key.partition(".")[0] for key in below))
    numbered = all(head.isdigit() for head in heads)
    values = []
    for head in sorted(heads, key=int) if numbered else heads:
        name = f"{path}.{head}"
        if head in below:
            spec = way_text(name)
            values.append(items({name: below[head]}, name) if spec and spec.items else below[head])
        else:
            inner = {key.partition(".")[2]: text for key, text in below.items() if key.startswith(f"{head}.")}
            values.append(_nested(name, inner))
    return values if numbered else dict(zip(heads, values, strict=True))
