"""What the texts that belong to a way to act are called at the desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...i18n import gettext, lazy_gettext
from ...topics import WAYS

_ITEMS = lazy_gettext("One on each line.")
#: By the names of ``kits.way_texts.WAY_TEXTS``: label and hint.
_WORDS: Mapping[str, tuple[Any, Any]] = {
    "letter.salutation": (
        lazy_gettext("Letter: salutation"),
        lazy_gettext("How the letter begins, as the office wishes it: “Your Excellency,”."),
    ),
    "letter.points": (lazy_gettext("Letter: what is worth saying"), _ITEMS),
    "letter.never": (lazy_gettext("Letter: what must not be said"), _ITEMS),
    "letter.model": (
        lazy_gettext("Letter: model"),
        lazy_gettext("Shown beside the sheet, to be put into one’s own words."),
    ),
    "email.#.subject": (
        lazy_gettext("Email %(number)s: subject"),
        lazy_gettext("Variants are offered by turn, so that not all emails are alike."),
    ),
    "email.#.text": (
        lazy_gettext("Email %(number)s: text"),
        lazy_gettext("What is sent to those in power. Whoever writes can change it."),
    ),
    "share.#": (
        lazy_gettext("Text to share %(number)s"),
        lazy_gettext("One line; the link to the case follows it."),
    ),
    "solidarity.hint": (
        lazy_gettext("Words of support: advice"),
        lazy_gettext("What may help whoever writes to find the right words."),
    ),
}


def way_label(name: str) -> tuple[str, str]:
    """Label and hint of a text that belongs to a way to act."""
    number = re.search("[0-9]", name)
    if name.startswith("closed."):
        label = gettext("Closed: %(way)s", way=WAYS[name.partition(".")[2]])
        return label, gettext("Why this is not open for the case. Shown only while it is closed.")
    label, hint = _WORDS[re.sub("[0-9]", "#", name)]
    return str(label) % {"number": number[0]} if number else str(label), str(hint)
