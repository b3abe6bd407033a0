"""What counts as one of each type, as the centre's table says it beside the numbers.

These are the types that sections all over the world count by, whatever a site of theirs has switched on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...i18n import lazy_gettext
from ...seam import Seam
from ...sections import Section
from .documents import OTHER

#: By type. One thing done by one person once is one action: a petition that was signed for five cases is five.
DEFINITIONS: Mapping[str, Any] = {
    "petition_signature": lazy_gettext("A signature online under the demand of one case, its address confirmed."),
    "petition_paper": lazy_gettext("A signature on a paper list under the demand of one case."),
    "letter": lazy_gettext("A letter to someone in power, written by hand or printed and signed, that was posted or handed in."),
    "card": lazy_gettext("A card, printed or drawn, to someone in power, that was posted or handed in."),
    "solidarity_message": lazy_gettext("Words of support to the person at risk or their family: a letter, or a message online."),
    "solidarity_card": lazy_gettext("A card, drawing or photo to the person at risk or their family."),
    "email": lazy_gettext("An email to someone in power that left."),
    "social_post": lazy_gettext("A public post to someone in power, or about a case, on a social network."),
    OTHER: lazy_gettext(
        "Anything else that was sent for a case, such as a phone call, a text message or a fax; and what is not broken down"
        " because there are fewer than ten of it."
    ),
}  # fmt: skip


def types_of(section: Section) -> Collection[str]:
    """The types that a section signs its numbers under."""
    return {*DEFINITIONS, *section.action_types}


def known_types(seam: Seam, sections: Iterable[Section]) -> Collection[str]:
    """The types that a site takes from others: those everybody counts by, and those of its own sections and capabilities."""
    return {*DEFINITIONS, *seam.actions, *(name for section in sections for name in section.action_types)}
