"""What the checks make of forms that came in: rules of the desk, rates, names, addresses, all that came looked at together.

One way for all: the worker's batch of the intake, and a form that must be decided at once, which is a batch of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ..sections import Section
from ..services.intake.sent import Author, Sent
from ..services.moderation.judgement import Judgement
from ..services.moderation.rules import RuleMatch
from ..services.moderation.settings import NORMAL, DeskSettings, settings_of
from ..services.people.networks import UNKNOWN, NetworkTiers
from ..state import W4RState, get_state
from . import rates
from .findings import Finding
from .formtoken import FormAge
from .hold_limits import hold_limits
from .limits import RateLimits
from .outcome import CaptchaOutcome
from .pipeline import judge

#: Guarded more than usual, networks have this part of their limits.
CAUTIOUS_SHARE = 3
_NOWHERE = NetworkTiers(UNKNOWN, UNKNOWN, UNKNOWN)

#: What was sent, by whom, and what tells it from others where there is no address.
Asked = tuple[Sent, Author, str]


def share_at(settings: DeskSettings, case_ids: Iterable[int]) -> int:
    """By how much the limits of networks are divided now."""
    return 1 if settings.level(case_ids) == NORMAL else CAUTIOUS_SHARE


def weigh(app: Any, section: Section, asked: Sequence[Asked], session: Session | None = None) -> list[Judgement]:
    """Judge forms of a section that came in, in their order.

    :param app: the Flask app.
    :param session: to read the desk's settings with, where one is open.
    :returns: what was found about each.
    """
    state = get_state(app)
    settings = settings_of(app, section, session)
    rules = [_rule(state, settings, sent, author) for sent, author, _ in asked]
    counted = [place for place, rule in enumerate(rules) if rule is None or rule.effect != "allow"]
    arrivals = [_arrival(section, *asked[place]) for place in counted]
    holds = [
        hold_limits(
            state.config.rate_limits, settings.limits, arrival.case_ids, arrival.tiers,
            share=share_at(settings, arrival.case_ids),
        )
        for arrival in arrivals
    ]  # fmt: skip
    limits: RateLimits = state.lazy["limits"]()
    rated = rates.findings(limits, arrivals, holds, scoring=state.config.scoring, usual=settings.usual)
    found = dict(zip(counted, rated, strict=True))
    return [
        _judged(state, sent, author, [*_held_anyway(settings, rule, sent), *found.get(place, ())], rule)
        for place, ((sent, author, _), rule) in enumerate(zip(asked, rules, strict=True))
    ]


def _rule(state: W4RState, settings: DeskSettings, sent: Sent, author: Author) -> RuleMatch | None:
    """The entry of the desk's lists that decides: any block first, then any allow."""
    network = RuleMatch(*sent.rule) if sent.rule is not None else None
    if not settings.rules or author.address is None or (network is not None and network.effect == "block"):
        return network
    found = settings.rules.ask(tiers=_NOWHERE, day_secrets={}, address=author.address, country=None, now=state.clock())
    return network if found is None or (found.effect == "allow" and network is not None) else found


def _arrival(section: Section, sent: Sent, author: Author, member: str) -> rates.Arrival:
    return rates.Arrival(
        section_code=section.code,
        case_ids=sent.case_ids,
        tiers=sent.network.tiers(),
        address=author.address,
        first_name=author.first_name,
        last_name=author.last_name,
        texts=author.texts,
        now=sent.at,
        member=author.address.canonical if author.address else member,
    )


def _held_anyway(settings: DeskSettings, rule: RuleMatch | None, sent: Sent) -> Iterable[Finding]:
    """What holds it whatever its score: a block rule; want of a captcha while the desk is on its guard."""
    if rule is not None and rule.effect == "block":
        yield Finding(f"rule_{rule.kind}", hold=True)
    if sent.captcha in ("missing", "unavailable", "off") and settings.level(sent.case_ids) != NORMAL:
        yield Finding("lockdown", hold=True)


def _judged(
    state: W4RState, sent: Sent, author: Author, further: Sequence[Finding], rule: RuleMatch | None
) -> Judgement:
    verdict = judge(
        config_scoring=state.config.scoring,
        form_age=FormAge("ok", too_fast=sent.too_fast),
        captcha_outcome=CaptchaOutcome(sent.captcha, sent.proof, sent.proof_expires_at),  # type: ignore[arg-type]
        honeypot_filled=sent.honeypot,
        first_name=author.first_name,
        last_name=author.last_name,
        address=author.address,
        further=further,
        trusted=rule is not None and rule.effect == "allow",
        words=author.words,
    )
    return Judgement(
        score=verdict.score, held=verdict.hold, reasons=verdict.reasons_json(), captcha=verdict.captcha,
        proof=verdict.digest, proof_expires_at=verdict.expires_at,
    )  # fmt: skip
