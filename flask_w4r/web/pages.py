"""What a capability hangs into the web: its routes, its part of the desk, what it adds to the pages of a campaign and a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..i18n import lazy_gettext
from ..state import Permission, W4RState

#: Rule, endpoint, view, methods, and the feature (or several, all of them) without which it is not there.
Route = tuple[str, str, Callable[..., Any], tuple[str, ...], str | tuple[str, ...] | None]


#: The groups of the desk's navigation, in their order. What belongs to none stands by itself before them.
DESK_GROUPS = {
    "cases": lazy_gettext("Cases"),
    "together": lazy_gettext("Groups and counts"),
    "out": lazy_gettext("To hand over"),
    "protection": lazy_gettext("Protection"),
    "data": lazy_gettext("Data"),
}


@dataclass(frozen=True)
class DeskPart:
    """An entry of the desk's navigation.

    :param place: where it stands; small numbers first.
    :param group: one of :data:`DESK_GROUPS`; none: it is in sight on every page of the desk.
    :param shown: ``(state) -> whether this site has any use for it``; without it every site does.
    """

    endpoint: str
    words: Any
    permission: Permission
    place: int
    group: str | None = None
    shown: Callable[[W4RState], bool] | None = None


@dataclass(frozen=True)
class CaseLink:
    """A link on a case's page at the desk, to an endpoint that takes its ``slug``.

    :param statuses: of the case, with which it stands there; none: whatever it is.
    """

    endpoint: str
    words: Any
    permission: Permission
    statuses: Sequence[str] = ()


@dataclass(frozen=True)
class EventLink:
    """A paper of an event: its words, its path, and in a sentence what it is."""

    words: str
    url: str
    leads_to: str


@dataclass(frozen=True)
class Pages:
    """The web floor of one capability.

    ``at_event(event_id, own)`` gives what an event's page leads to, or, ``own``, its host's: what is on paper for it.
    ``on_overview(session)`` gives what staff should see first at the desk: ``(words, endpoint, permission)`` each.
    ``on_case(session, case)`` and ``on_campaign(session)`` give values for the templates of a case's page and of the
    campaign's: the form to sign, the next events; ``on_thanks(session, case)`` for those of pages that thank for what was done for
    a case.

    :param case_links: what the desk's page of a case leads to beside its own.
    """

    routes: Sequence[Route]
    desk: Sequence[DeskPart] = ()
    on_case: Callable[[Any, Any], Mapping[str, Any]] | None = None
    on_campaign: Callable[[Any], Mapping[str, Any]] | None = None
    on_thanks: Callable[[Any, Any], Mapping[str, Any]] | None = None
    case_links: Sequence[CaseLink] = ()
    at_event: Callable[[int, bool], Sequence[EventLink]] | None = None
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


def thanks_values(state: W4RState, session: Any, case: Any) -> dict[str, Any]:
    """What all capabilities add to a page that thanks for what was done for a case."""
    found: dict[str, Any] = {}
    for pages in pages_of(state):
        found |= pages.on_thanks(session, case) if pages.on_thanks else {}
    return found


def campaign_values(state: W4RState, session: Any) -> dict[str, Any]:
    """What all capabilities add to the campaign's page."""
    found: dict[str, Any] = {}
    for pages in pages_of(state):
        found |= pages.on_campaign(session) if pages.on_campaign else {}
    return found


def event_links(state: W4RState, event_id: int, *, own: bool = False) -> list[EventLink]:
    """What all capabilities link to from an event's page.

    :param own: from its host's page.
    """
    return [link for pages in pages_of(state) if pages.at_event for link in pages.at_event(event_id, own)]


def overview_notices(state: W4RState, session: Any) -> list[tuple[str, str, Permission]]:
    """What all capabilities have to tell at the top of the desk's first page."""
    return [notice for pages in pages_of(state) if pages.on_overview for notice in pages.on_overview(session)]
