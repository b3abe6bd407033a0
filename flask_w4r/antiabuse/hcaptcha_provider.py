"""hCaptcha, by the ``hcaptcha`` package, behind a guard of our own.

The package has no timeout, follows redirects, raises for most faults and returns a dict, always true, for a refused
token. Here every answer becomes one outcome, within four seconds. The visitor's address is never sent, and neither
secret nor token is ever logged.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import queue
import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import FunctionType, SimpleNamespace
from typing import Any, Self

from .breaker import CircuitBreaker
from .outcome import CaptchaOutcome

log = logging.getLogger(__name__)

FIELD = "h-captcha-response"
_LONGEST = 16_384
TIMEOUT_SECONDS = 3.0
BREAKER_FAILURES = 5
BREAKER_PAUSE_SECONDS = 30.0
#: Beyond the package's own time limit: name resolution in a thread cannot be cancelled, so it is left behind.
_GRACE_SECONDS = 0.5
_HOSTS = ("https://hcaptcha.com", "https://*.hcaptcha.com")

#: What the visitor can mend by solving again. Unknown codes are treated alike.
CLIENT_FAULTS: Mapping[str, str] = {
    "missing-input-response": "refused",
    "invalid-input-response": "refused",
    "bad-request": "refused",
    "expired-input-response": "expired",
    "already-seen-response": "expired",
    "invalid-or-already-seen-response": "expired",
}
#: What only the site can mend: nobody is turned away for it.
SITE_FAULTS = frozenset(
    {
        "missing-input-secret",
        "invalid-input-secret",
        "sitekey-secret-mismatch",
        "not-using-dummy-passcode",
        "missing-remoteip",
        "invalid-remoteip",
    }
)


class HCaptchaProvider:
    """Checks hCaptcha tokens.

    :param verify_url: hCaptcha's verification address.
    :param timeout: seconds to wait for it.
    """

    kind = "hcaptcha"

    def __init__(self, site_key: str, secret: str, verify_url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._site_key = site_key
        self._secret = secret
        self._verify_url = verify_url
        self._timeout = timeout
        self._breaker = CircuitBreaker(BREAKER_FAILURES, BREAKER_PAUSE_SECONDS)

    def challenge(self, form_id: str) -> dict[str, Any] | None:
        """Return ``{"kind": "hcaptcha", "site_key": ...}``."""
        return {"kind": self.kind, "site_key": self._site_key}

    def csp(self) -> dict[str, list[str]]:
        """Return the grants that hCaptcha documents."""
        return {name: list(_HOSTS) for name in ("script-src", "frame-src", "style-src", "connect-src")}

    def verify(self, form: Mapping[str, str], form_id: str) -> CaptchaOutcome:
        """Ask hCaptcha about a token. hCaptcha itself takes a token once, so there is no digest."""
        token = (form.get(FIELD) or "").strip()
        if not token:
            return CaptchaOutcome("missing")
        if len(token) > _LONGEST:
            return CaptchaOutcome("fail", note="malformed")
        if not self._breaker.allows():
            return CaptchaOutcome("unavailable", note="paused")
        try:
            answer = self._ask(token)
        except Exception as error:
            kind = "timeout" if isinstance(error, TimeoutError | queue.Empty) else type(error).__name__
            log.warning("hCaptcha did not answer (%s)", kind)
            if self._breaker.failed():
                log.error("hCaptcha is unavailable; signatures are held for %.0f s", BREAKER_PAUSE_SECONDS)
            return CaptchaOutcome("unavailable", note="timeout" if kind == "timeout" else "unreachable")
        self._breaker.succeeded()
        return _outcome(answer)

    def _ask(self, token: str) -> Any:
        # A thread with a loop of its own: works the same inside an async view, and cannot outstay the deadline.
        answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._ask_in_thread, args=(token, answers), name="w4r-hcaptcha", daemon=True).start()
        answered, value = answers.get(timeout=self._timeout + _GRACE_SECONDS)
        if not answered:
            raise value
        return value

    def _ask_in_thread(self, token: str, answers: queue.SimpleQueue[tuple[bool, Any]]) -> None:
        async def ask() -> None:
            # Put within the loop: closing the loop may wait for a name resolver's thread.
            try:
                verifier = _guarded_verifier()(self._secret)
                verifier.verification_url = self._verify_url
                answers.put((True, await asyncio.wait_for(verifier.verify(token), self._timeout)))
            except Exception as error:
                answers.put((False, error))

        asyncio.run(ask())


def _outcome(answer: Any) -> CaptchaOutcome:
    success = answer.get("success") if isinstance(answer, dict) else None
    if success is True:
        return CaptchaOutcome("pass")
    if success is not False:
        log.warning("hCaptcha gave an answer without a verdict")
        return CaptchaOutcome("unavailable", note="malformed")
    errors = answer.get("errors") or ()
    codes = {
        str(code) for code in (errors if isinstance(errors, Iterable) and not isinstance(errors, str) else [errors])
    }
    if faults := codes & SITE_FAULTS:
        log.error("hCaptcha does not accept this site's keys or request: %s", ", ".join(sorted(faults)))
        return CaptchaOutcome("unavailable", note="site_fault")
    notes = {CLIENT_FAULTS.get(code, "refused") for code in codes}
    return CaptchaOutcome("fail", note="expired" if "expired" in notes else "refused")


@functools.cache
def _guarded_verifier() -> Any:
    """Return the package's verifier with its HTTP session replaced by one that takes a plain 200 and nothing else.

    ``verify`` is the package's own code; only the name ``aiohttp`` that it looks up is another, so other users of the
    package in this process are untouched.
    """
    import aiohttp
    from hcaptcha.hcaptcha import HCaptchaVerifier

    class Session:
        def __init__(self) -> None:
            self._session = aiohttp.ClientSession()

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            await self._session.close()

        @asynccontextmanager
        async def post(self, url: str, data: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
            # A followed redirect would carry the secret to another host.
            async with self._session.post(url, data=data, allow_redirects=False) as response:
                if response.status != 200:
                    raise ConnectionError(f"status {response.status}")
                yield response

    original = HCaptchaVerifier.verify
    guarded = FunctionType(
        original.__code__,
        {**original.__globals__, "aiohttp": SimpleNamespace(ClientSession=Session)},
        original.__name__,
        original.__defaults__,
    )
    return type("GuardedVerifier", (HCaptchaVerifier,), {"verify": guarded})
