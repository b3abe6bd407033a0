"""Captchas: what every provider answers, and which one a site uses.

A provider never decides alone. ``pass`` and ``off`` go on; ``fail`` gives the form back with everything typed kept;
``missing`` (no JavaScript) and ``unavailable`` (the service is away) are accepted and held until the mailbox is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from ..config import W4RConfig
from ..keyring import Keyring

Result = Literal["pass", "fail", "missing", "unavailable", "off"]

# ALTCHA's proof of work. The server draws the number that the browser has to count up to, so the work has a floor and
# a ceiling (about a second on a slowed-down desktop, where a random search now and then takes five), and checking an
# answer is one HMAC (0.05 ms).
ALTCHA_ALGORITHM = "PBKDF2/SHA-256"
ALTCHA_COST = 1000
ALTCHA_COUNTERS = (1000, 2000)
#: A challenge is fetched when someone begins to type, so this is time enough for the form, and it bounds how long a
#: used proof must be remembered. Who takes longer gets the form back filled, with a new challenge: one more press.
ALTCHA_LIFETIME_SECONDS = 20 * 60

HCAPTCHA_TIMEOUT_SECONDS = 3.0
BREAKER_FAILURES = 5
BREAKER_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class CaptchaOutcome:
    """What became of a captcha.

    ``digest`` and ``expires_at`` name a proof that could be sent twice: store the digest under a unique key until then
    and refuse it the second time. ``note`` says why in a word (``expired``, ``refused``, ``malformed``, ``timeout``...).
    """

    result: Result
    digest: bytes | None = None
    expires_at: datetime | None = None
    note: str = ""


class CaptchaProvider(Protocol):
    """One kind of captcha."""

    kind: str

    def challenge(self, form_id: str) -> dict[str, Any] | None:
        """Return what the browser needs to begin, for the token endpoint's JSON."""

    def csp(self) -> dict[str, list[str]]:
        """Return the Content-Security-Policy sources it needs, by directive."""

    def verify(self, form: Mapping[str, str], form_id: str) -> CaptchaOutcome:
        """Check what the browser sent. Never raises."""


class NoCaptcha:
    """``W4R_CAPTCHA = "none"``: signing is left to the other checks."""

    kind = "none"

    def challenge(self, form_id: str) -> dict[str, Any] | None:
        """Return ``None``."""
        return None

    def csp(self) -> dict[str, list[str]]:
        """Return nothing."""
        return {}

    def verify(self, form: Mapping[str, str], form_id: str) -> CaptchaOutcome:
        """Return ``off``."""
        return CaptchaOutcome("off")


def make_provider(config: W4RConfig, keyring: Keyring) -> CaptchaProvider:
    """Return the provider that the configuration asks for.

    :param keyring: ALTCHA challenges are signed with a key derived from it.
    """
    if config.captcha_kind == "none":
        return NoCaptcha()
    if config.captcha_kind == "altcha":
        from .altcha_provider import AltchaProvider

        return AltchaProvider(keyring.sub_key("altcha"))
    from .hcaptcha_provider import HCaptchaProvider

    return HCaptchaProvider(
        config.hcaptcha_site_key or "", config.hcaptcha_secret_key or "", config.hcaptcha_verify_url
    )
