"""How long what is kept, in days: the usual numbers, and how a section's own stand to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import Section

#: Days by name: of ``W4R_RETENTION``, and, but for :data:`OF_SITE`, of a section's ``retention``.
USUAL_DAYS: Mapping[str, int] = MappingProxyType(
    {
        "pending_days": 14,
        "delivered_days": 90,
        "withheld_days": 14,
        "undelivered_days": 730,
        "invalid_days": 90,
        "token_days": 7,
        "sent_mail_days": 30,
        "audit_days": 730,
        "event_days": 30,
        "pupil_days": 30,
    }
)
#: What is the site's, and no section's.
OF_SITE = frozenset({"token_days"})
OF_SECTION = tuple(name for name in USUAL_DAYS if name not in OF_SITE)


def days_of(section: Section | None, name: str, kept: Mapping[str, int]) -> int:
    """How long a section keeps something, in days.

    :param section: ``None``: one that the site no longer has.
    :param name: of :data:`USUAL_DAYS`.
    :param kept: ``W4R_RETENTION``.
    """
    if section is None:
        return kept[name]
    days = section.retention.get(name, kept[name])
    return min(days, section.retention_longest.get(name, days))


def check_days(value: Any) -> Iterator[str]:
    """What is wrong with a section's table of days."""
    if not isinstance(value, Mapping):
        yield "must be a table of days by name"
        return
    for name, days in value.items():
        if name not in OF_SECTION:
            yield f"{name!r} is not kept by a section; known are {', '.join(OF_SECTION)}"
        elif type(days) is not int or days < 1:
            yield f"{name} must be a whole number of days from 1 up"


def longer_than_preset(value: Any, preset: Mapping[str, Any]) -> list[str]:
    """Where a section lets itself keep something for longer than its preset lets anybody of its country.

    :param value: its ``retention_longest``; ``None`` takes back what the preset says, which it cannot.
    """
    given, most = value if isinstance(value, Mapping) else {}, preset.get("retention_longest", {})
    if value is None and most:
        return ["retention_longest: the preset sets it, and it can only be made shorter"]
    return [
        f"retention_longest: {name} is {days}; the preset allows {most[name]} days at most"
        for name, days in given.items()
        if name in most and type(days) is int and days > most[name]
    ]


def longer_than_allowed(values: Mapping[str, Any]) -> list[str]:
    """Where a section keeps something for longer than it says that it may.

    :param values: its table, checked.
    """
    longest = values.get("retention_longest", {})
    return [
        f"retention: {name} is {days}; this section keeps that for {longest[name]} days at most (retention_longest)"
        for name, days in values.get("retention", {}).items()
        if days > longest.get(name, days)
    ]


def kept_too_long(given: Any, sections: Sequence[Section]) -> list[str]:
    """Days that the site sets and that are more than a section may keep something."""
    days = given if isinstance(given, Mapping) else {}
    return [
        f"W4R_RETENTION: {name} is {days[name]}, and {section.code} keeps that for {longest} days at most; shorten it,"
        f" or set {name} in the section's retention"
        for section in sections
        for name, longest in section.retention_longest.items()
        if isinstance(days.get(name), int) and days[name] > longest and name not in section.retention
    ]
