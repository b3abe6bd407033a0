"""Why a signature is held, in words: one sentence for each check, with what it added and the numbers it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...i18n import gettext, lazy_gettext, listing, number

#: What each check found, for the queue, the overview and the conditions of an invalidation.
REASON_WORDS: Mapping[str, Any] = {
    "honeypot": lazy_gettext("A hidden field was filled in"),
    "captcha_missing": lazy_gettext("Sent without the robot check"),
    "captcha_unavailable": lazy_gettext("The robot check was unavailable"),
    "too_fast": lazy_gettext("Sent faster than a person can type"),
    "name_marks": lazy_gettext("Unusual characters in the name"),
    "name_scripts": lazy_gettext("Letters from different scripts mixed in the name"),
    "name_link": lazy_gettext("A link in the name"),
    "disposable_domain": lazy_gettext("A disposable email address"),
    "suppressed": lazy_gettext("Emails to this address are stopped"),
    "rule_network": lazy_gettext("Rule: the network is blocked"),
    "rule_seen_network": lazy_gettext("Rule: the network code shown on the desk is blocked"),
    "rule_domain": lazy_gettext("Rule: the email domain is blocked"),
    "rule_address": lazy_gettext("Rule: the address is blocked"),
    "rule_country": lazy_gettext("Rule: the country is blocked"),
    "rate_network": lazy_gettext("A very large number from one network"),
    "rate_domain": lazy_gettext("Far more than usual from this email domain"),
    "rate_case": lazy_gettext("Far more than usual for this case"),
    "address_sequence": lazy_gettext("One of a series of numbered addresses"),
    "address_random": lazy_gettext("The address looks like random letters"),
    "name_repeated": lazy_gettext("The same name, or nearly the same, many times"),
    "text_repeated": lazy_gettext("The same text many times"),
    "fast_confirm": lazy_gettext("Confirmed within seconds"),
    "text_edited": lazy_gettext("Someone’s own words"),
    "target_gone": lazy_gettext("Written to someone who is no longer written to"),
    "address_in_text": lazy_gettext("The text may reveal an address that should stay private"),
    "report_a_person": lazy_gettext("Far more actions a person than usual"),
    "report_in_all": lazy_gettext("Far more actions than one report usually has"),
    "school_links": lazy_gettext(
        "The links of the school’s classes count letters too: this report must leave them out"
    ),
    "text_email": lazy_gettext("An email address in the text"),
    "text_link": lazy_gettext("A link in the text"),
    "text_handle": lazy_gettext("A name on a social network in the text"),
    "text_phone": lazy_gettext("What may be a phone number in the text"),
    "text_street": lazy_gettext("What may be a postal address in the text"),
    "text_insult": lazy_gettext("A word that may insult"),
    "text_religion": lazy_gettext("A religious word, which this case asks to leave out"),
    "text_holiday": lazy_gettext("A holiday greeting, which this case asks to leave out"),
    "text_movement": lazy_gettext("The movement’s name, which this case asks to leave out"),
    "hidden_at_desk": lazy_gettext("Was public; a moderator removed it from every page"),
    "lockdown": lazy_gettext("Sent without the robot check while it was required of everyone"),
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
    "near": lazy_gettext("similar numbers: %(num)s"),
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
