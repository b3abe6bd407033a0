from __future__ import annotations

import pytest

from flask_w4r.antiabuse.breaker import CircuitBreaker


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_opens_after_failures_in_a_row(time: Time) -> None:
    breaker = CircuitBreaker(3, 30, time)
    assert [breaker.failed(), breaker.failed()] == [False, False]
    assert breaker.allows()
    assert breaker.failed()
    assert not breaker.allows()


def test_a_success_between_starts_the_count_anew(time: Time) -> None:
    breaker = CircuitBreaker(2, 30, time)
    for _ in range(5):
        breaker.failed()
        assert not breaker.succeeded()
    assert breaker.allows()


def test_one_may_try_after_the_pause(time: Time) -> None:
    breaker = CircuitBreaker(1, 30, time)
    breaker.failed()
    time.now = 29.9
    assert not breaker.allows()
    time.now = 30
    assert [breaker.allows(), breaker.allows()] == [True, False]
    assert not breaker.failed(), "it was open already"
    time.now = 59.9
    assert not breaker.allows()
    time.now = 60
    assert breaker.allows()
    assert breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]
