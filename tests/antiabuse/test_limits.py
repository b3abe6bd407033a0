from __future__ import annotations

import logging
import secrets
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter

from flask_w4r.antiabuse import limits
from flask_w4r.antiabuse.limits import Breach, RateLimits, describe_problems
from flask_w4r.services.people.networks import network_tiers

from .conftest import make_limiter, redis_client
from .servers import CuttableProxy

LIMITS = {
    "sign_host": "3/minute; 5/hour",
    "sign_site": "6/minute",
    "sign_block": "9/minute",
    "token_host": "100/minute",
}


def _limits(limiter: Limiter, table: dict[str, str] | None = None) -> RateLimits:
    return RateLimits(limiter, table or LIMITS, secrets.token_bytes(32))


@pytest.fixture(params=["memory", "redis", "redis moving-window", "redis sliding-window-counter"])
def any_limits(request: pytest.FixtureRequest) -> RateLimits:
    if request.param == "memory":
        return _limits(request.getfixturevalue("memory_limiter"))
    if request.param == "redis":
        return _limits(request.getfixturevalue("redis_limiter"))
    url = request.getfixturevalue("redis_url")
    return _limits(make_limiter(url, RATELIMIT_STRATEGY=request.param.split()[1]))


def test_the_fourth_is_refused(any_limits: RateLimits) -> None:
    for _ in range(3):
        assert any_limits.hit("sign_host", "AU", "203.0.113.7") is None
    breach = any_limits.hit("sign_host", "AU", "203.0.113.7")
    assert breach is not None
    assert breach.name == "sign_host"
    assert 1 <= breach.retry_after <= 60


def test_each_name_section_and_person_has_its_own(any_limits: RateLimits) -> None:
    for _ in range(4):
        last = any_limits.hit("sign_host", "AU", "203.0.113.7")
    assert last
    assert any_limits.hit("token_host", "AU", "203.0.113.7") is None
    assert any_limits.hit("sign_host", "MA", "203.0.113.7") is None
    assert any_limits.hit("sign_host", "AU", "203.0.113.8") is None


def test_neighbours_of_one_64_share(any_limits: RateLimits) -> None:
    def sign(end: int) -> Breach | None:
        return any_limits.hit_tiers("AU", network_tiers(f"2001:db8:1:2::{end:x}"))

    assert [sign(end) for end in range(6)] == [None] * 6
    breach = sign(7)
    assert breach is not None
    assert breach.name == "sign_site"
    assert any_limits.hit_tiers("AU", network_tiers("2001:db8:1:3::1")) is None


def test_one_who_hammers_does_not_lock_out_the_network(any_limits: RateLimits) -> None:
    for _ in range(40):
        any_limits.hit_tiers("AU", network_tiers("203.0.113.7"))
    assert any_limits.hit_tiers("AU", network_tiers("203.0.113.8")) is None


def test_every_limit_of_a_name_counts(any_limits: RateLimits) -> None:
    limiter = any_limits._limiter
    longer = _limits(limiter, {"sign_host": "5/hour; 1000/minute"})
    for _ in range(5):
        assert longer.hit("sign_host", "AU", "x") is None
    breach = longer.hit("sign_host", "AU", "x")
    # In the very millisecond in which a window begins, limits takes it to be over.
    for _ in range(1000):
        if breach and breach.retry_after == 1:
            breach = longer.hit("sign_host", "AU", "x")
    assert breach is not None
    assert 60 < breach.retry_after <= 3600


def test_two_processes_share_the_count(redis_url: str) -> None:
    key = secrets.token_bytes(32)
    pair = [RateLimits(make_limiter(redis_url), LIMITS, key) for _ in range(2)]
    for turn in range(3):
        assert pair[turn % 2].hit("sign_host", "AU", "x") is None
    assert pair[0].hit("sign_host", "AU", "x")
    assert pair[1].hit("sign_host", "AU", "x")


def test_threads_share_the_count(redis_limiter: Limiter) -> None:
    shared = _limits(redis_limiter, {"n": "50/hour"})
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: shared.hit("n", "AU", "x"), range(120)))
    assert results.count(None) == 50


def test_the_storage_holds_no_address(redis_limiter: Limiter) -> None:
    used = _limits(redis_limiter)
    used.hit_tiers("AU", network_tiers("203.0.113.7"))
    used.hit("token_host", "AU", "canary@example.org")
    storage: Any = redis_limiter.storage
    keys = b"\n".join(storage.storage.scan_iter(f"{storage.key_prefix}*"))
    assert keys.count(b"w4r/sign_") == 4
    assert b"203.0" not in keys
    assert b"canary" not in keys


def test_counters_expire(redis_limiter: Limiter) -> None:
    _limits(redis_limiter).hit_tiers("AU", network_tiers("203.0.113.7"))
    storage: Any = redis_limiter.storage
    times = [storage.storage.ttl(key) for key in storage.storage.scan_iter(f"{storage.key_prefix}*")]
    assert len(times) == 4
    assert all(0 < seconds <= 3600 for seconds in times)


def test_a_window_ends(memory_limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    short = _limits(memory_limiter, {"n": "1/second"})
    assert short.hit("n", "AU", "x") is None
    assert short.hit("n", "AU", "x") == Breach("n", 1)
    later = time.time() + 1.1
    monkeypatch.setattr(time, "time", lambda: later)
    assert short.hit("n", "AU", "x") is None


def test_one_request_is_one_round_trip(redis_limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    used = _limits(redis_limiter)
    tiers = network_tiers("203.0.113.7")
    used.hit_tiers("AU", tiers)
    client: Any = redis_client(redis_limiter)
    sent: list[str] = []
    original = client.execute_command

    def listen(*args: Any, **options: Any) -> Any:
        sent.append(args[0])
        return original(*args, **options)

    monkeypatch.setattr(client, "execute_command", listen)
    used.hit_tiers("AU", tiers)
    assert sent == ["EVALSHA"]


def test_limits_hold_without_redis(redis_proxy: CuttableProxy, caplog: pytest.LogCaptureFixture) -> None:
    redis_proxy.cut()
    held = _limits(make_limiter(redis_proxy.url))
    with caplog.at_level(logging.WARNING):
        started = time.monotonic()
        answers = [held.hit_tiers("AU", network_tiers("203.0.113.7")) for _ in range(4)]
        elapsed = time.monotonic() - started
    assert answers[:3] == [None] * 3
    assert answers[3] is not None
    assert 1 <= answers[3].retry_after <= 60
    assert elapsed < 2
    assert len([record for record in caplog.records if record.name == limits.__name__]) == 1
    assert "203.0" not in caplog.text


def test_redis_goes_and_comes_back(
    redis_proxy: CuttableProxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    used = _limits(make_limiter(redis_proxy.url))
    monkeypatch.setattr(used._breaker, "_clock", lambda: now[0])
    assert used.hit("sign_host", "AU", "x") is None
    redis_proxy.cut()
    for _ in range(3):
        assert used.hit("sign_host", "AU", "x") is None
    assert used.hit("sign_host", "AU", "x")
    redis_proxy.mend()
    assert used.hit("sign_host", "AU", "x"), "not asked again within five seconds"
    now[0] += 5
    with caplog.at_level(logging.WARNING):
        assert used.hit("sign_host", "AU", "x") is None, "the second that Redis saw"
    assert "is available again" in caplog.text
    redis_client(used._limiter).close()


def test_a_forgotten_script_is_loaded_again(redis_limiter: Limiter) -> None:
    used = _limits(redis_limiter)
    assert used.hit("sign_host", "AU", "x") is None
    redis_client(redis_limiter).script_flush()
    assert [bool(used.hit("sign_host", "AU", "x")) for _ in range(3)] == [False, False, True]


def test_limits_hold_on_a_limiter_that_was_never_initialised() -> None:
    used = _limits(Limiter(lambda: "nobody"))
    assert [bool(used.hit("sign_host", "AU", "x")) for _ in range(4)] == [False, False, False, True]


def test_an_unknown_name_is_a_mistake(memory_limiter: Limiter) -> None:
    with pytest.raises(KeyError):
        _limits(memory_limiter).hit("signs", "AU", "x")


@pytest.mark.parametrize(
    ("uri", "config", "production", "said"),
    [
        ("memory://", {}, False, None),
        ("memory://", {}, True, "RATELIMIT_STORAGE_URI"),
        ("memory://", {"RATELIMIT_ENABLED": False}, False, "RATELIMIT_ENABLED"),
        ("redis://127.0.0.1:1", {}, False, "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"),
        ("redis://127.0.0.1:1", {"RATELIMIT_SWALLOW_ERRORS": True}, True, "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"),
        ("redis://127.0.0.1:1", {"RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True}, True, None),
        ("redis://127.0.0.1:1", {"RATELIMIT_IN_MEMORY_FALLBACK": "1/hour"}, True, None),
    ],
)
def test_problems(uri: str, config: dict[str, object], production: bool, said: str | None) -> None:
    problems = describe_problems(make_limiter(uri, **config), production)
    assert bool(problems) is bool(said)
    assert said is None or said in problems[0]


def test_an_uninitialised_limiter_is_a_problem() -> None:
    assert "init_app" in describe_problems(Limiter(lambda: "nobody"), production=False)[0]


def test_a_redis_that_hangs_does_not_hold_a_limiter_of_our_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        limiter = Limiter(
            lambda: "nobody", app=Flask("host"), storage_uri=uri, storage_options={**limits.STORAGE_OPTIONS}
        )
        used = _limits(limiter)
        started = time.monotonic()
        answers = [bool(used.hit("sign_host", "AU", "x")) for _ in range(4)]
        assert time.monotonic() - started < 2
    assert answers == [False, False, False, True]
