"""Which captcha a site uses. What they all answer: ``outcome``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..config import W4RConfig
from ..keyring import Keyring
from .outcome import CaptchaOutcome, CaptchaProvider


class NoCaptcha:
    """``W4R_CAPTCHA = "none"``: signing relies on the other checks."""

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
    # A site has one kind, and hCaptcha brings asyncio along: only what is used is loaded.
    if config.captcha_kind == "altcha":
        from .altcha_provider import AltchaProvider

        return AltchaProvider(keyring.sub_key("altcha"))
    from .hcaptcha_provider import HCaptchaProvider

    return HCaptchaProvider(
        config.hcaptcha_site_key or "", config.hcaptcha_secret_key or "", config.hcaptcha_verify_url
    )
