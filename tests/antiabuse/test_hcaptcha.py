from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time

import pytest

from flask_w4r.antiabuse import hcaptcha_provider
from flask_w4r.antiabuse.hcaptcha_provider import HCaptchaProvider
from flask_w4r.antiabuse.outcome import CaptchaOutcome

from .servers import FakeHCaptcha

SECRET = "0xcanary-secret"
TOKEN = "canary-token"


def _provider(url: str, **options: float) -> HCaptchaProvider:
    return HCaptchaProvider("site-key", SECRET, url, **options)


def _verify(provider: HCaptchaProvider) -> CaptchaOutcome:
    return provider.verify({"h-captcha-response": TOKEN}, "sign:AU:some-case")


MATRIX = [
    ("/success", "pass", ""),
    ("/false", "fail", "refused"),
    ("/codes?invalid-input-response", "fail", "refused"),
    ("/codes?missing-input-response", "fail", "refused"),
    ("/codes?bad-request", "fail", "refused"),
    ("/codes?a-code-of-next-year", "fail", "refused"),
    ("/codes?expired-input-response", "fail", "expired"),
    ("/codes?already-seen-response", "fail", "expired"),
    ("/codes?invalid-or-already-seen-response", "fail", "expired"),
    ("/codes_text", "fail", "refused"),
    ("/true-with-codes?invalid-input-response", "fail", "refused"),
    ("/codes?missing-input-secret", "unavailable", "site_fault"),
    ("/codes?invalid-input-secret", "unavailable", "site_fault"),
    ("/codes?sitekey-secret-mismatch", "unavailable", "site_fault"),
    ("/codes?not-using-dummy-passcode", "unavailable", "site_fault"),
    ("/codes?invalid-input-response,invalid-input-secret", "unavailable", "site_fault"),
    ("/text-true", "unavailable", "malformed"),
    ("/one", "unavailable", "malformed"),
    ("/codes-null", "unavailable", "unreachable"),
    ("/array", "unavailable", "unreachable"),
    ("/empty", "unavailable", "unreachable"),
    ("/broken", "unavailable", "unreachable"),
    ("/html", "unavailable", "unreachable"),
    ("/error", "unavailable", "unreachable"),
    ("/created", "unavailable", "unreachable"),
    ("/redirect?302", "unavailable", "unreachable"),
    ("/redirect?303", "unavailable", "unreachable"),
    ("/redirect?307", "unavailable", "unreachable"),
    ("/redirect?308", "unavailable", "unreachable"),
    ("/reset", "unavailable", "unreachable"),
    ("/hang", "unavailable", "timeout"),
    ("/drip", "unavailable", "timeout"),
]


@pytest.mark.parametrize(("path", "result", "note"), MATRIX)
def test_captcha_fail_matrix(hcaptcha: FakeHCaptcha, path: str, result: str, note: str) -> None:
    hcaptcha.requests.clear()
    started = time.monotonic()
    # What is waited for is told as the timeout; how long that is on a site is seen in the tests of signing.
    options = {"timeout": 0.6} if note == "timeout" else {}
    outcome = _verify(_provider(hcaptcha.url(path), **options))
    assert time.monotonic() - started < (1.6 if options else 4)
    assert outcome == CaptchaOutcome(result, note=note)  # type: ignore[arg-type]
    # One request, the two fields, no address of the visitor; a redirect does not carry the secret on.
    assert hcaptcha.requests == [{"secret": [SECRET], "response": [TOKEN]}]


def test_captcha_fail_matrix_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert _verify(_provider(f"http://127.0.0.1:{port}/")) == CaptchaOutcome("unavailable", note="unreachable")


def test_captcha_fail_matrix_no_such_host() -> None:
    started = time.monotonic()
    assert _verify(_provider("http://hcaptcha.invalid/")).result == "unavailable"
    assert time.monotonic() - started < 4


def test_captcha_fail_matrix_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Stuck:
        verification_url = ""

        def __init__(self, _: str) -> None: ...

        async def verify(self, _: str) -> None:
            released.wait(10)  # blocks the whole loop, as a resolver in C may

    monkeypatch.setattr(hcaptcha_provider, "_guarded_verifier", lambda: Stuck)
    started = time.monotonic()
    assert _verify(_provider("http://x/", timeout=0.2)) == CaptchaOutcome("unavailable", note="timeout")
    assert time.monotonic() - started < 1
    released.set()


def test_captcha_fail_matrix_inside_a_running_loop(hcaptcha: FakeHCaptcha) -> None:
    async def view(path: str) -> str:
        return _verify(_provider(hcaptcha.url(path), timeout=0.5)).result

    assert asyncio.run(view("/success")) == "pass"
    assert asyncio.run(view("/false")) == "fail"
    assert asyncio.run(view("/hang")) == "unavailable"


@pytest.mark.parametrize("form", [{}, {"h-captcha-response": ""}, {"h-captcha-response": "  "}])
def test_no_token_is_missing(hcaptcha: FakeHCaptcha, form: dict[str, str]) -> None:
    hcaptcha.requests.clear()
    assert _provider(hcaptcha.url("/success")).verify(form, "f") == CaptchaOutcome("missing")
    assert hcaptcha.requests == []


def test_an_endless_token_is_not_sent(hcaptcha: FakeHCaptcha) -> None:
    hcaptcha.requests.clear()
    outcome = _provider(hcaptcha.url("/success")).verify({"h-captcha-response": "x" * 20_000}, "f")
    assert outcome == CaptchaOutcome("fail", note="malformed")
    assert hcaptcha.requests == []


@pytest.mark.parametrize(
    "path", ["/success", "/false", "/error", "/html", "/redirect?307", "/codes?invalid-input-secret"]
)
def test_neither_secret_nor_token_is_logged(
    hcaptcha: FakeHCaptcha, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        _verify(_provider(hcaptcha.url(path)))
    assert "canary" not in caplog.text


def test_a_fault_of_the_site_is_an_error_in_the_log(hcaptcha: FakeHCaptcha, caplog: pytest.LogCaptureFixture) -> None:
    _verify(_provider(hcaptcha.url("/codes?invalid-input-secret,canary")))
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "invalid-input-secret" in caplog.text
    assert "canary" not in caplog.text


def test_five_failures_pause_it(hcaptcha: FakeHCaptcha, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    provider = _provider(hcaptcha.url("/error"))
    monkeypatch.setattr(provider._breaker, "_clock", lambda: now[0])
    hcaptcha.requests.clear()
    for _ in range(5):
        assert _verify(provider).note == "unreachable"
    started = time.monotonic()
    for _ in range(20):
        assert _verify(provider) == CaptchaOutcome("unavailable", note="paused")
    assert time.monotonic() - started < 0.1
    assert len(hcaptcha.requests) == 5
    now[0] = hcaptcha_provider.BREAKER_PAUSE_SECONDS
    provider._verify_url = hcaptcha.url("/success")
    assert _verify(provider).result == "pass"
    assert _verify(provider).result == "pass"


def test_refused_tokens_do_not_pause_it(hcaptcha: FakeHCaptcha) -> None:
    provider = _provider(hcaptcha.url("/codes?invalid-input-secret"))
    for _ in range(12):
        assert _verify(provider).note == "site_fault"


def test_the_package_itself_is_left_as_it_is(hcaptcha: FakeHCaptcha) -> None:
    from hcaptcha.hcaptcha import HCaptchaVerifier

    _verify(_provider(hcaptcha.url("/success")))
    verifier = HCaptchaVerifier(SECRET)
    verifier.verification_url = hcaptcha.url("/redirect?302")
    assert asyncio.run(verifier.verify(TOKEN)) == {"success": True}


def test_what_the_browser_is_told() -> None:
    provider = _provider("https://api.hcaptcha.com/siteverify")
    assert provider.challenge("f") == {"kind": "hcaptcha", "site_key": "site-key"}
    assert set(provider.csp()) == {"script-src", "frame-src", "style-src", "connect-src"}
    assert provider.csp()["script-src"] == ["https://hcaptcha.com", "https://*.hcaptcha.com"]
