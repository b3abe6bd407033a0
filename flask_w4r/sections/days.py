"""How long what is kept, in days: the usual numbers, and how a section's own stand to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

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
