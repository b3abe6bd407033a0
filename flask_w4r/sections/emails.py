"""A section's rules for emails to those in power: its key ``emails``, and what is so where it says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import time
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Section

#: ``send``: one message for each supporter; ``digest``: one a week for all of them; ``mailto``: the supporter's own program.
MODES = ("send", "digest", "mailto")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class EmailRules:
    """How emails to targets are written and sent in a section. ``docs/emails`` has each in words."""

    mode: str = "send"
    editable: bool = True
    longest: int = 2000
    per_hour: int = 30
    in_all: int = 5000
    opens: str = "09:00"
    closes: str = "17:00"
    sender: str | None = None
    copy_to: str | None = None
    copy_to_supporter: bool = False
    show_address: bool = False
    verified_days: int = 180

    @property
    def hours(self) -> tuple[time, time]:
        """From when to when a target's office takes mail, on its own clock."""
        return time.fromisoformat(self.opens), time.fromisoformat(self.closes)


def rules_of(section: Section) -> EmailRules:
    """The rules of a section."""
    return EmailRules(**section.emails)


def _is_sender(value: Any) -> bool:
    if not isinstance(value, str) or "\n" in value or "\r" in value:
        return False
    address = parseaddr(value)[1]
    return bool(re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address))


def check_emails(value: Any) -> Iterator[str]:
    """What is wrong with a section's ``emails``: each fault, with the mend."""
    if not isinstance(value, Mapping):
        yield "must be a table of rules, such as {'per_hour': 20}"
        return
    known = {item.name: item.default for item in fields(EmailRules)}
    for name, given in value.items():
        if name not in known:
            yield f"{name!r} is not a rule; known are {', '.join(known)}"
        elif fault := _fault(name, given, known[name]):
            yield f"{name} {fault}"
    if value.get("mode") == "mailto" and value.get("show_address") is not True:
        yield "mode 'mailto' shows the target's address, so it needs show_address = true"
    hours = [value.get("opens", EmailRules.opens), value.get("closes", EmailRules.closes)]
    if all(isinstance(hour, str) and _HOUR.fullmatch(hour) for hour in hours) and hours[0] >= hours[1]:
        yield "closes must be later than opens"


def _fault(name: str, given: Any, default: Any) -> str | None:
    if name == "mode":
        return None if given in MODES else f"must be one of {', '.join(MODES)}"
    if name in ("opens", "closes"):
        return None if isinstance(given, str) and _HOUR.fullmatch(given) else "must be a time such as '09:00'"
    if name in ("sender", "copy_to"):
        return None if _is_sender(given) else "must be an email address, such as 'Write for Rights <w4r@example.org>'"
    if isinstance(default, bool):
        return None if isinstance(given, bool) else "must be true or false"
    least, most = {"longest": (200, 4000), "per_hour": (1, 3600), "verified_days": (1, 3650)}.get(name, (1, 1_000_000))
    whole = type(given) is int and least <= given <= most
    return None if whole else f"must be a whole number from {least} to {most}"
