"""ALTCHA: a proof of work that this site makes and checks itself. It asks no third party."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .outcome import CaptchaOutcome

FIELD = "altcha"
_LONGEST = 4096

# ALTCHA's proof of work. The server draws the number that the browser has to count up to, so the work has a floor and
# a ceiling (about a second on a slowed-down desktop, where a random search now and then takes five), and checking an
# answer is one HMAC (0.05 ms).
ALGORITHM = "PBKDF2/SHA-256"
COST = 1000
COUNTERS = (1000, 2000)
#: A challenge is fetched when someone begins to type, so this is time enough for the form, and it bounds how long a
#: used proof must be remembered. Who takes longer gets the form back filled, with a new challenge: one more press.
LIFETIME_SECONDS = 20 * 60


class AltchaProvider:
    """Makes and checks ALTCHA (v2) challenges bound to one form.

    Times are the machine's, not an injected clock's, since the browser compares them with its own.

    :param secret: signs challenges; every process needs the same.
    :param cost: PBKDF2 iterations of one try.
    :param counters: the least and the most tries that a solution takes.
    :param lifetime: seconds a challenge holds.
    """

    kind = "altcha"

    def __init__(
        self,
        secret: bytes,
        *,
        cost: int = COST,
        counters: tuple[int, int] = COUNTERS,
        lifetime: float = LIFETIME_SECONDS,
    ) -> None:
        # altcha brings urllib.request along: not for those who only import the package.
        import altcha

        self._altcha = altcha
        self._secret = secret
        self._cost = cost
        self._lowest, self._highest = counters
        # Signs the answer, apart from the challenge: who only guesses its beginning has not solved it.
        self._answer_secret = hashlib.sha256(b"altcha-answer|" + secret).digest()
        self._lifetime = lifetime

    def challenge(self, form_id: str) -> dict[str, Any] | None:
        """Return ``{"kind": "altcha", "challenge": {...}}`` with a fresh challenge for that form."""
        made = self._altcha.create_challenge(
            ALGORITHM,
            self._cost,
            counter=self._lowest + secrets.randbelow(self._highest - self._lowest + 1),
            expires_at=int(time.time() + self._lifetime),
            data={"form": form_id},
            hmac_secret=self._secret,
            hmac_key_secret=self._answer_secret,
        )
        return {"kind": self.kind, "challenge": made.to_dict()}

    def csp(self) -> dict[str, list[str]]:
        """Return the one grant the solver needs: a worker from this site."""
        return {"worker-src": ["'self'"]}

    def verify(self, form: Mapping[str, str], form_id: str) -> CaptchaOutcome:
        """Check a solution. The caller refuses a ``digest`` it has seen."""
        text = form.get(FIELD) or ""
        if not text:
            return CaptchaOutcome("missing")
        if len(text) > _LONGEST:
            return CaptchaOutcome("fail", note="malformed")
        try:
            return self._verify(text, form_id)
        except Exception:
            return CaptchaOutcome("fail", note="malformed")

    def _verify(self, text: str, form_id: str) -> CaptchaOutcome:
        payload = self._altcha.Payload.from_base64(text)
        result = self._altcha.verify_solution(payload, self._secret, hmac_key_secret=self._answer_secret)
        if result.expired:
            return CaptchaOutcome("fail", note="expired")
        if not result.verified:
            return CaptchaOutcome("fail", note="refused")
        parameters, signature = payload.challenge.parameters, payload.challenge.signature
        if parameters.data != {"form": form_id} or not parameters.expires_at or not signature:
            return CaptchaOutcome("fail", note="other_form")
        # The signature names the challenge, so a challenge is worth one signature however often it is solved.
        digest = hashlib.sha256(signature.encode()).digest()
        return CaptchaOutcome("pass", digest, datetime.fromtimestamp(parameters.expires_at, UTC))
