"""Why a signature is held, in words: one sentence for each check, with what it added and the numbers it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...i18n import gettext, lazy_gettext, listing, number

#: What each check found, for the queue, the overview and the conditions of an invalidation.
REASON_WORDS: Mapping[str, Any] = {
    "honeypot": lazy_gettext("Filled in a field that people do not see"),
    "captcha_missing": lazy_gettext("Came without the check for robots"),
    "captcha_unavailable": lazy_gettext("The check for robots was out of order"),
    "too_fast": lazy_gettext("Sent sooner than a person types"),
    "name_marks": lazy_gettext("Odd marks in the name"),
    "name_scripts": lazy_gettext("Letters of several scripts mixed in the name"),
    "name_link": lazy_gettext("A link in the name"),
    "disposable_domain": lazy_gettext("A throw-away mailbox"),
    "suppressed": lazy_gettext("Mail to this address is stopped"),
    "rule_network": lazy_gettext("Rule: the network is blocked"),
    "rule_seen_network": lazy_gettext("Rule: the network, as seen at the desk, is blocked"),
    "rule_domain": lazy_gettext("Rule: the e-mail domain is blocked"),
    "rule_address": lazy_gettext("Rule: the address is blocked"),
    "rule_country": lazy_gettext("Rule: the country is blocked"),
    "rate_network": lazy_gettext("Very many from one network"),
    "rate_domain": lazy_gettext("Many more from this e-mail domain than usual"),
    "rate_case": lazy_gettext("Many more on this case than usual"),
    "address_sequence": lazy_gettext("One of a numbered row of addresses"),
    "address_random": lazy_gettext("The address looks like random letters"),
    "name_repeated": lazy_gettext("The same name, or nearly, again and again"),
    "text_repeated": lazy_gettext("The same text again and again"),
    "fast_confirm": lazy_gettext("Confirmed within seconds"),
    "address_in_text": lazy_gettext("The text may tell an address that is to stay private"),
    "hidden_at_desk": lazy_gettext("Was public; the desk took it off every page"),
    "lockdown": lazy_gettext("Came without the check for robots while the desk asks it of everybody"),
}


@dataclass(frozen=True)
class ReasonLine:
    """One check's contribution: its words, the points it added, whether it holds by itself, the numbers it saw."""

    check: str
    words: str
    score: int
    hold: bool
    detail: str


def words_for(check: str | None) -> str:
    """What a check found, in the current language; its name where it has no words (a host's own check)."""
    return str(REASON_WORDS.get(check or "", check or gettext("Unknown")))


def reason_lines(reasons: Sequence[Mapping[str, Any]]) -> list[ReasonLine]:
    """Every check's contribution to a signature, the weightiest first.

    :param reasons: as ``Signature.reasons`` keeps them.
    """
    ordered = sorted(reasons, key=lambda item: (not item.get("hold"), -int(item.get("score") or 0)))
    return [
        ReasonLine(
            check=str(item.get("check")),
            words=words_for(str(item.get("check"))),
            score=int(item.get("score") or 0),
            hold=bool(item.get("hold")),
            detail=_detail(item.get("detail")),
        )
        for item in ordered
    ]


#: The numbers that a check may leave, in words.
_DETAIL_WORDS: Mapping[str, Any] = {
    "count": lazy_gettext("counted: %(num)s"),
    "limit": lazy_gettext("limit: %(num)s"),
    "usual": lazy_gettext("usual: %(num)s"),
    "near": lazy_gettext("numbers close by: %(num)s"),
    "seconds": lazy_gettext("seconds: %(num)s"),
}


def _detail(detail: Any) -> str:
    """Numbers only, with what they count; anything else is not shown."""
    found = detail if isinstance(detail, Mapping) else {"count": detail}
    return listing(
        str(_DETAIL_WORDS[name]) % {"num": number(value)}
        for name, value in found.items()
        if name in _DETAIL_WORDS and isinstance(value, int | float) and not isinstance(value, bool)
    )
