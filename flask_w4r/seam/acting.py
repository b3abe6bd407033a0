"""What a capability hangs in about what people do: types of the tally, and ways to act for a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Action:
    """A type of the tally, with its words in the plural.

    :param means: what counts as one.
    :param is_reported: people report it, and sections count it by hand; else this site alone counts it.
    """

    name: str
    words: Any
    means: Any = ""
    is_reported: bool = True


@dataclass(frozen=True)
class Goal:
    """Something beside actions and people that a section can set itself as a goal, by its ``goals``.

    :param words: what is counted, in the plural.
    :param count: ``(session, section, edition's id) -> how many so far``.
    """

    name: str
    words: Any
    count: Callable[[Any, Any, int], int]


def of_case(slug: str) -> Mapping[str, Any]:
    """The values of a page of one case."""
    return {"slug": slug}


@dataclass(frozen=True)
class Way:
    """A way to act for a case, as the lists of a case's page, of thanks and of what was confirmed show it.

    :param name: what kits open and close it by, see ``topics.WAYS``; others than those are open to every case.
    :param words: what to do: "Write a letter".
    :param leads_to: what it leads to, in a short sentence.
    :param minutes: how long it takes; ``None``: it depends.
    :param endpoint: its page, with ``values(slug)`` and at ``anchor``.
    :param place: where it stands in a list; small numbers first.
    :param feature: the site has no such way without it.
    :param on_page: it stands on the case's own page already, which does not list it.
    :param why_not: ``(case, section) -> words or None``: what is in the way of it for a case (a ``campaign.views.CaseView``).
    """

    name: str
    words: Any
    endpoint: str
    place: int
    leads_to: Any = ""
    minutes: int | None = None
    values: Callable[[str], Mapping[str, Any]] = of_case
    anchor: str = ""
    feature: str | None = None
    on_page: bool = False
    why_not: Callable[[Any, Any], Any] | None = None
