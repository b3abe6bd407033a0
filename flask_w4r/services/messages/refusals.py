"""Why the desk does not pass a message on, and what its writer is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...i18n import lazy_gettext
from ...seam import Refusal

#: In the order that the desk is offered them. Whoever wrote in good faith hears what to change; whoever did not hears nothing.
REFUSALS = (
    Refusal(
        "rules",
        lazy_gettext("It does not heed what this case asks for"),
        lazy_gettext("For this person’s safety we can only pass on messages that heed what the case’s page asks for."),
    ),
    Refusal(
        "details",
        lazy_gettext("It has an address, a phone number or a link"),
        lazy_gettext("We can only pass on messages without addresses, phone numbers and links."),
    ),
    Refusal(
        "language",
        lazy_gettext("It is in a language that cannot be passed on"),
        lazy_gettext("We can only pass on messages in the languages that the case’s page names."),
    ),
    Refusal(
        "not_for_them",
        lazy_gettext("It is not addressed to the person"),
        lazy_gettext("We can only pass on messages that are addressed to the person."),
    ),
    Refusal("insult", lazy_gettext("It insults or threatens someone")),
    Refusal("fake", lazy_gettext("It is advertising, or not meant")),
)
_BY_NAME: Mapping[str, Refusal] = {one.name: one for one in REFUSALS}


def told(name: str) -> Any:
    """What a writer is told who can write again; ``None``: nothing."""
    found = _BY_NAME.get(name)
    return found.told if found and found.told else None
