"""The verdict on a signature: an ordered table of checks, each adding to a score or holding outright.

Nothing is refused here. What cannot be taken (a failed captcha, an expired form, a malformed address) goes back to
the visitor before this. A held signature is mailed and confirmed like any other and counts once it is released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..services.moderation.wording import text_findings
from ..services.people.addresses import Address, is_disposable
from .findings import Finding
from .formtoken import FormAge
from .names import name_findings
from .outcome import CaptchaOutcome

__all__ = ["Finding", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks make of a signature.

    ``hold``: it does not count yet.
    ``captcha``, ``digest``, ``expires_at`` are the captcha's outcome, for the row and for the table of used proofs.
    """

    findings: tuple[Finding, ...]
    score: int
    hold: bool
    captcha: str
    digest: bytes | None
    expires_at: datetime | None

    def reasons_json(self) -> list[dict[str, Any]]:
        """Return the findings as ``Signature.reasons`` stores them."""
        return [item.as_json() for item in self.findings]


@dataclass(frozen=True, slots=True)
class _Facts:
    scoring: Mapping[str, int]
    form_age: FormAge
    captcha: CaptchaOutcome
    honeypot_filled: bool
    first_name: str
    last_name: str
    address: Address | None
    words: Sequence[str]


def _honeypot(facts: _Facts) -> Iterable[Finding]:
    if facts.honeypot_filled:
        # A password manager fills in every field it finds.
        yield Finding("honeypot", facts.scoring["honeypot"])


def _captcha(facts: _Facts) -> Iterable[Finding]:
    if facts.captcha.result in ("missing", "unavailable"):
        yield Finding(f"captcha_{facts.captcha.result}", hold=True)


def _form_age(facts: _Facts) -> Iterable[Finding]:
    if facts.form_age.too_fast:
        yield Finding("too_fast", facts.scoring["too_fast"])


def _names(facts: _Facts) -> Iterable[Finding]:
    return name_findings(facts.first_name, facts.last_name, facts.scoring)


def _disposable(facts: _Facts) -> Iterable[Finding]:
    # Dissidents use such mailboxes too, hence held, never refused.
    if facts.address is not None and is_disposable(facts.address.domain):
        yield Finding("disposable_domain", facts.scoring["disposable_domain"], hold=True)


def _words(facts: _Facts) -> Iterable[Finding]:
    return [Finding(found["check"], hold=True) for text in facts.words for found in text_findings(text)]


CHECKS: tuple[Callable[[_Facts], Iterable[Finding]], ...] = (
    _honeypot, _captcha, _form_age, _names, _disposable, _words,
)  # fmt: skip
#: What is asked even of those whom a rule of the desk allows.
ALWAYS = (_honeypot, _captcha, _words)


def judge(
    *,
    config_scoring: Mapping[str, int],
    form_age: FormAge,
    captcha_outcome: CaptchaOutcome,
    honeypot_filled: bool,
    first_name: str,
    last_name: str,
    address: Address | None,
    further: Sequence[Finding] = (),
    trusted: bool = False,
    words: Sequence[str] = (),
) -> Verdict:
    """Run every check.

    :param config_scoring: ``W4R_SCORING``.
    :param form_age: of a token that was found ``ok``.
    :param captcha_outcome: any but ``fail``.
    :param address: ``None`` where the section takes signatures without one.
    :param further: what rules, rates and patterns found.
    :param words: what others are to read of it.
    :param trusted: a rule of the desk allows it: only the honeypot, the captcha, the words and ``further`` are looked at.
    :returns: the verdict.
    :raises ValueError: for a form or a captcha that should have gone back to the visitor.
    """
    if form_age.status != "ok" or captcha_outcome.result == "fail":
        raise ValueError("a form without a valid token or with a failed captcha goes back to the visitor unjudged")
    facts = _Facts(config_scoring, form_age, captcha_outcome, honeypot_filled, first_name, last_name, address, words)
    findings = (*(finding for check in (ALWAYS if trusted else CHECKS) for finding in check(facts)), *further)
    score = sum(finding.score for finding in findings)
    return Verdict(
        findings=findings,
        score=score,
        hold=score >= config_scoring["hold_at"] or any(finding.hold for finding in findings),
        captcha=captcha_outcome.result,
        digest=captcha_outcome.digest,
        expires_at=captcha_outcome.expires_at,
    )
