"""What a case asks of those who write to the person, as it stands now, and what is found in a text by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...i18n import language_name, lazy_gettext
from ...topics import SOLIDARITY_ROUTES
from ..campaign.views import CaseView, Lens
from ..moderation.wording import CHECKS, text_findings

#: Who cannot be written to.
NO_ROUTE = "none"
#: Nothing of what is written is shown in public.
NO_PUBLIC = "no-public"
#: Rules of a kit by what a machine can look for.
_LOOKED_FOR: Mapping[str, str] = {"no-religion": "religion", "no-holidays": "holidays", "no-amnesty": "movement"}
CLOSED = lazy_gettext("Messages cannot reach the person safely at the moment, so we do not take any.")


@dataclass(frozen=True)
class Rules:
    """What to heed, in words.

    :param route: how messages reach the person.
    :param address: where letters may be sent, on the person's own way alone.
    :param languages: what the person reads; none: any.
    """

    route: str
    address: str
    languages: Sequence[str]
    rules: Sequence[str]
    hint: str


def route_of(solidarity: Mapping[str, Any]) -> str:
    """The case's route; ``none`` where it says nothing."""
    return str(solidarity.get("route") or NO_ROUTE)


def rules_of(case: CaseView, lens: Lens) -> Rules:
    """A case's rules in the reader's language."""
    said = case.solidarity
    route = route_of(said)
    return Rules(
        str(SOLIDARITY_ROUTES.get(route, route)),
        str(said.get("address") or "") if route == "direct" else "",
        [language_name(code) for code in said.get("languages") or ()],
        [lens.word("solidarity_rules", name) for name in said.get("rules") or ()],
        case.words.get("solidarity.hint", ""),
    )


def why_not(case: CaseView, section: Any) -> Any:
    """Why nobody can write to the person of a case; ``None``: they can. See ``seam.Way``."""
    return CLOSED if route_of(case.solidarity) == NO_ROUTE else None


def may_be_shown(section: Any, solidarity: Mapping[str, Any]) -> bool:
    """Whether messages of a case may stand on its page, where their writers agreed."""
    allowed = NO_PUBLIC not in (solidarity.get("rules") or ()) and route_of(solidarity) != NO_ROUTE
    return bool(section.messages_shown) and allowed


def findings(text: str, solidarity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stands in a text that the desk should know of, by a case's rules."""
    without: Collection[str] = {_LOOKED_FOR[name] for name in solidarity.get("rules") or () if name in _LOOKED_FOR}
    return text_findings(text, without)


def found_now(text: str, solidarity: Mapping[str, Any], kept: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What is known against a message, with a case's rules as they are now.

    :param kept: what was found when it was sent.
    """
    return [*findings(text, solidarity), *(item for item in kept if item.get("check") not in CHECKS)]
