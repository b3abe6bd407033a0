"""What a capability hangs into the web: its routes, its part of the desk, what it adds to the pages of a campaign and a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..state import Permission, W4RState

#: Rule, endpoint, view, methods, and the feature (or several, all of them) without which it is not there.
Route = tuple[str, str, Callable[..., Any], tuple[str, ...], str | tuple[str, ...] | None]


@dataclass(frozen=True)
class DeskPart:
    """An entry of the desk's navigation.

    :param place: where it stands; small numbers first.
    :param shown: ``(state) -> whether this site has any use for it``; without it every site does.
    """

    endpoint: str
    words: Any
    permission: Permission
    place: int
    shown: Callable[[W4RState], bool] | None = None


@dataclass(frozen=True)
class Pages:
    """The web floor of one capability.

    ``on_overview(session)`` gives what staff should see first at the desk: ``(words, endpoint, permission)`` each.
    ``on_case(session, case)`` and ``on_campaign(session)`` give values for the templates of a case's page and of the
    campaign's: the form to sign, the next events.
    """

    routes: Sequence[Route]
    desk: Sequence[DeskPart] = ()
    on_case: Callable[[Any, Any], Mapping[str, Any]] | None = None
    on_campaign: Callable[[Any], Mapping[str, Any]] | None = None
    on_overview: Callable[[Any], Sequence[tuple[str, str, Permission]]] | None = None


def _pages(given: Any) -> Pages:
    found: Pages = import_module(given).PAGES if isinstance(given, str) else given
    return found


def pages_of(state: W4RState) -> Sequence[Pages]:
    """The pages of the site's capabilities, in their order."""

    def make() -> Sequence[Pages]:
        return tuple(_pages(one.pages) for one in state.seam.capabilities if one.pages)

    found: Sequence[Pages] = state.once("capability_pages", make)
    return found


def case_values(state: W4RState, session: Any, case: Any) -> dict[str, Any]:
    """What all capabilities add to a case's page."""
    found: dict[str, Any] = {}
    for pages in pages_of(state):
        found |= pages.on_case(session, case) if pages.on_case else {}
    return found


def campaign_values(state: W4RState, session: Any) -> dict[str, Any]:
    """What all capabilities add to the campaign's page."""
    found: dict[str, Any] = {}
    for pages in pages_of(state):
        found |= pages.on_campaign(session) if pages.on_campaign else {}
    return found


def overview_notices(state: W4RState, session: Any) -> list[tuple[str, str, Permission]]:
    """What all capabilities have to tell at the top of the desk's first page."""
    return [notice for pages in pages_of(state) if pages.on_overview for notice in pages.on_overview(session)]
