from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from flask_w4r.antiabuse.altcha_provider import AltchaProvider
from flask_w4r.antiabuse.captcha import NoCaptcha, make_provider
from flask_w4r.antiabuse.formtoken import FormAge
from flask_w4r.antiabuse.hcaptcha_provider import HCaptchaProvider
from flask_w4r.antiabuse.outcome import CaptchaOutcome
from flask_w4r.antiabuse.pipeline import Finding, Verdict, judge
from flask_w4r.config import W4RConfig
from flask_w4r.config_defaults import DEFAULT_SCORING
from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.services.moderation.judgement import releases_itself
from flask_w4r.services.people.addresses import parse_address


def _judge(**changed: Any) -> Verdict:
    facts: dict[str, Any] = {
        "config_scoring": DEFAULT_SCORING,
        "form_age": FormAge("ok", 30.0),
        "captcha_outcome": CaptchaOutcome("pass"),
        "honeypot_filled": False,
        "first_name": "Ann",
        "last_name": "Lee",
        "address": parse_address("ann@example.org"),
    }
    return judge(**(facts | changed))


def _released(verdict: Verdict, hold_at: int = DEFAULT_SCORING["hold_at"]) -> bool:
    """Whether it is held, and the proof of the mailbox releases it."""
    return verdict.hold and releases_itself(verdict.reasons_json(), verdict.score, hold_at)


MISSING, AWAY = CaptchaOutcome("missing"), CaptchaOutcome("unavailable", note="timeout")
DISPOSABLE = parse_address("ann@x.yopmail.com")


@pytest.mark.parametrize(
    ("changed", "checks", "score", "hold", "released"),
    [
        ({}, [], 0, False, False),
        ({"address": None}, [], 0, False, False),
        ({"captcha_outcome": CaptchaOutcome("off")}, [], 0, False, False),
        ({"captcha_outcome": MISSING}, ["captcha_missing"], 0, True, True),
        ({"captcha_outcome": AWAY}, ["captcha_unavailable"], 0, True, True),
        ({"honeypot_filled": True}, ["honeypot"], 25, False, False),
        ({"form_age": FormAge("ok", 1.0, too_fast=True)}, ["too_fast"], 20, False, False),
        ({"first_name": "Аnn"}, ["name_scripts"], 15, False, False),
        ({"first_name": "www.example.org"}, ["name_link"], 50, True, False),
        ({"address": DISPOSABLE}, ["disposable_domain"], 50, True, False),
        (
            {"captcha_outcome": MISSING, "form_age": FormAge("ok", 1.0, too_fast=True)},
            ["captcha_missing", "too_fast"], 20, True, True,
        ),
        ({"captcha_outcome": MISSING, "address": DISPOSABLE}, ["captcha_missing", "disposable_domain"], 50, True, False),
        ({"captcha_outcome": MISSING, "honeypot_filled": True}, ["honeypot", "captcha_missing"], 25, True, True),
        (
            {"honeypot_filled": True, "form_age": FormAge("ok", 1.0, too_fast=True), "first_name": "Аnn"},
            ["honeypot", "too_fast", "name_scripts"], 60, True, True,
        ),
        ({"honeypot_filled": True, "first_name": "www.example.org"}, ["honeypot", "name_link"], 75, True, False),
        (
            {"form_age": FormAge("ok", 1.0, too_fast=True), "first_name": "Аnn\u0334\u0335\u0336\u0337"},
            ["too_fast", "name_marks", "name_scripts"], 45, False, False,
        ),
    ],
)  # fmt: skip
def test_verdicts(changed: dict[str, Any], checks: list[str], score: int, hold: bool, released: bool) -> None:
    verdict = _judge(**changed)
    assert [finding.check for finding in verdict.findings] == checks
    assert (verdict.score, verdict.hold, _released(verdict)) == (score, hold, released)


def test_without_captcha_a_high_score_needs_a_moderator() -> None:
    scoring = {**DEFAULT_SCORING, "hold_at": 20}
    verdict = _judge(config_scoring=scoring, captcha_outcome=MISSING, form_age=FormAge("ok", 1.0, too_fast=True))
    assert verdict.hold
    assert not _released(verdict, 20)


def test_a_disposable_domain_is_held_whatever_it_scores() -> None:
    verdict = _judge(config_scoring={**DEFAULT_SCORING, "disposable_domain": 0}, address=DISPOSABLE)
    assert (verdict.score, verdict.hold, _released(verdict)) == (0, True, False)


def test_reasons_are_plain_json() -> None:
    verdict = _judge(captcha_outcome=MISSING, first_name="Аnn")
    assert verdict.reasons_json() == [
        {"check": "captcha_missing", "score": 0, "hold": True},
        {"check": "name_scripts", "score": 15, "hold": False},
    ]
    assert verdict.findings[0] == Finding("captcha_missing", 0, hold=True)


def test_the_proof_is_passed_on() -> None:
    until = datetime(2026, 11, 21, tzinfo=UTC)
    verdict = _judge(captcha_outcome=CaptchaOutcome("pass", b"d" * 32, until))
    assert (verdict.captcha, verdict.digest, verdict.expires_at) == ("pass", b"d" * 32, until)


@pytest.mark.parametrize(
    "changed",
    [
        {"captcha_outcome": CaptchaOutcome("fail")},
        {"form_age": FormAge("missing")},
        {"form_age": FormAge("expired", 99_999.0)},
        {"form_age": FormAge("invalid")},
    ],
)
def test_what_goes_back_to_the_visitor_is_not_judged(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="goes back"):
        _judge(**changed)


KEYRING = Keyring([generate_key()], generate_key())


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, AltchaProvider),
        ({"captcha": "none"}, NoCaptcha),
        ({"hcaptcha_site_key": "a", "hcaptcha_secret_key": "b"}, HCaptchaProvider),
        ({"captcha": "altcha", "hcaptcha_site_key": "a", "hcaptcha_secret_key": "b"}, AltchaProvider),
    ],
)
def test_the_configuration_chooses_the_provider(settings: dict[str, Any], kind: type) -> None:
    provider = make_provider(W4RConfig(**settings), KEYRING)
    assert type(provider) is kind


def test_every_process_knows_the_same_altcha_secret() -> None:
    one, two = make_provider(W4RConfig(), KEYRING), make_provider(W4RConfig(), KEYRING)
    assert isinstance(one, AltchaProvider)
    assert isinstance(two, AltchaProvider)
    assert one._secret == two._secret


def test_no_captcha_is_off() -> None:
    provider = NoCaptcha()
    assert provider.verify({"altcha": "x"}, "f") == CaptchaOutcome("off")
    assert provider.challenge("f") is None
    assert provider.csp() == {}


def test_heavy_packages_wait_until_they_are_needed() -> None:
    code = (
        "import sys, flask_w4r.antiabuse.pipeline, flask_w4r.antiabuse.captcha, flask_w4r.antiabuse.hcaptcha_provider,"
        "flask_w4r.antiabuse.altcha_provider\n"
        "print([name for name in ('aiohttp', 'hcaptcha', 'altcha', 'disposable_email_domains', 'dns')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
