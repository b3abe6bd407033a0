from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.antiabuse.altcha_provider import LIFETIME_SECONDS, AltchaProvider
from flask_w4r.antiabuse.outcome import CaptchaOutcome

FORM = "sign:AU:some-case"
# Few tries keep the tests quick; nothing else differs.
PROVIDER = AltchaProvider(b"s" * 32, counters=(5, 20))


def solve(provider: AltchaProvider, form_id: str) -> dict[str, Any]:
    """What the browser's solver makes of a challenge, as a dict."""
    given_challenge = provider.challenge(form_id)
    assert given_challenge is not None
    challenge = altcha.Challenge.from_dict(json.loads(json.dumps(given_challenge))["challenge"])
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_dict()


def encode(payload: Any) -> dict[str, str]:
    return {"altcha": base64.b64encode(json.dumps(payload).encode()).decode()}


SOLVED = solve(PROVIDER, FORM)


def test_a_solved_challenge_passes() -> None:
    outcome = PROVIDER.verify(encode(SOLVED), FORM)
    assert outcome.result == "pass"
    assert outcome.digest is not None
    assert len(outcome.digest) == 32
    assert outcome.expires_at is not None
    lifetime = outcome.expires_at - datetime.now(UTC)
    assert timedelta(0) < lifetime <= timedelta(seconds=LIFETIME_SECONDS)


def test_the_challenge_as_the_token_endpoint_sends_it() -> None:
    sent = PROVIDER.challenge(FORM)
    assert sent is not None
    assert sent["kind"] == PROVIDER.kind == "altcha"
    assert set(sent["challenge"]) == {"parameters", "signature"}
    assert sent["challenge"]["parameters"]["data"] == {"form": FORM}
    assert PROVIDER.csp() == {"worker-src": ["'self'"]}


def test_a_replay_has_the_same_digest_however_it_is_written() -> None:
    first = PROVIDER.verify(encode(SOLVED), FORM)
    reordered = {"solution": SOLVED["solution"] | {"time": 1}, "challenge": SOLVED["challenge"], "extra": 1}
    again = PROVIDER.verify(encode(reordered), FORM)
    assert first.digest == again.digest
    assert PROVIDER.verify(encode(solve(PROVIDER, FORM)), FORM).digest != first.digest


def test_another_form_fails() -> None:
    assert PROVIDER.verify(encode(SOLVED), "sign:AU:another") == CaptchaOutcome("fail", note="other_form")


def test_another_secret_fails() -> None:
    assert AltchaProvider(b"t" * 32).verify(encode(SOLVED), FORM).result == "fail"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost", 1),
        ("keyPrefix", ""),
        ("keyPrefix", None),
        ("algorithm", "SHA-256"),
        ("expiresAt", 9_999_999_999),
        ("data", {"form": "sign:AU:another"}),
        ("data", None),
        ("nonce", "00" * 16),
        ("keySignature", "00" * 32),
    ],
)
def test_a_changed_challenge_fails(name: str, value: object) -> None:
    changed = SOLVED["challenge"]["parameters"] | {name: value}
    payload = SOLVED | {"challenge": SOLVED["challenge"] | {"parameters": changed}}
    outcome = PROVIDER.verify(encode(payload), FORM)
    assert (outcome.result, outcome.digest) == ("fail", None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("derivedKey", "00" * 32),
        # What the challenge tells of the answer is only its beginning.
        pytest.param(
            "derivedKey", SOLVED["challenge"]["parameters"]["keyPrefix"].ljust(64, "0"), id="derivedKey-begun"
        ),
        pytest.param("derivedKey", SOLVED["challenge"]["parameters"]["keyPrefix"], id="derivedKey-prefix"),
        ("derivedKey", 7),
        ("derivedKey", None),
    ],
)
def test_a_wrong_solution_fails(name: str, value: object) -> None:
    payload = SOLVED | {"solution": SOLVED["solution"] | {name: value}}
    assert PROVIDER.verify(encode(payload), FORM).result == "fail"


@pytest.mark.parametrize("signature", [None, "", "00" * 32, 5, []])
def test_a_wrong_signature_fails(signature: object) -> None:
    payload = SOLVED | {"challenge": SOLVED["challenge"] | {"signature": signature}}
    assert PROVIDER.verify(encode(payload), FORM).result == "fail"


def test_too_late_asks_for_another() -> None:
    late = AltchaProvider(b"s" * 32, counters=(5, 20), lifetime=-5)
    assert PROVIDER.verify(encode(solve(late, FORM)), FORM) == CaptchaOutcome("fail", note="expired")


@pytest.mark.parametrize("form", [{}, {"altcha": ""}])
def test_none_is_missing(form: dict[str, str]) -> None:
    assert PROVIDER.verify(form, FORM) == CaptchaOutcome("missing")


@pytest.mark.parametrize(
    "text", ["x", "e30=", "bnVsbA==", "W10=", "é", "A" * 10_000, "====", "\x00", "eyJjaGFsbGVuZ2UiOjF9"]
)
def test_garbage_fails(text: str) -> None:
    assert PROVIDER.verify({"altcha": text}, FORM) == CaptchaOutcome("fail", note="malformed")


_SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_JSON = st.recursive(_SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
_PARAMETERS = st.dictionaries(st.sampled_from(sorted(SOLVED["challenge"]["parameters"])), _JSON)


@given(_PARAMETERS, _JSON, _JSON)
def test_nothing_a_stranger_sends_raises_or_passes(parameters: dict[str, Any], counter: Any, key: Any) -> None:
    changed = SOLVED["challenge"]["parameters"] | parameters
    solution = {"counter": counter, "derivedKey": key}
    payload = {
        "challenge": {"parameters": changed, "signature": SOLVED["challenge"]["signature"]},
        "solution": solution,
    }
    assert PROVIDER.verify(encode(payload), FORM).result == "fail"


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert PROVIDER.verify({"altcha": text}, FORM).result in ("fail", "missing")


def test_the_servers_share_is_small() -> None:
    provider = AltchaProvider(b"s" * 32)
    form = encode(solve(provider, FORM))
    times = []
    for _ in range(50):
        started = time.perf_counter()
        assert provider.verify(form, FORM).result == "pass"
        times.append(time.perf_counter() - started)
    # The median on an idle machine is 0.12 ms; a tenfold margin keeps a busy one from failing.
    assert sorted(times)[25] < 0.0012
