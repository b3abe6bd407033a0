"""Why the desk does not let an email leave, and what its writer is told."""

from __future__ import annotations

from typing import Any

from ...i18n import lazy_gettext
from ...seam import Refusal

#: In the order that the desk is offered them. Whoever wrote in good faith hears what to change; whoever did not hears nothing.
REFUSALS = (
    Refusal(
        "risk",
        lazy_gettext("It could harm the person it is about"),
        lazy_gettext("Some of its words could harm the person it is about, so we cannot send it as it is."),
    ),
    Refusal(
        "details",
        lazy_gettext("It has an address, a phone number or a link"),
        lazy_gettext("We can only send emails without addresses, phone numbers and links, for your own safety too."),
    ),
    Refusal(
        "politics",
        lazy_gettext("It is about something else, or about party politics"),
        lazy_gettext("We can only send emails about this case, without party politics."),
    ),
    Refusal("insult", lazy_gettext("It insults or threatens someone")),
    Refusal("fake", lazy_gettext("It is advertising, or not meant")),
)


def told(name: str) -> Any:
    """What a writer is told; ``None``: nothing."""
    return next((one.told for one in REFUSALS if one.name == name), None)
