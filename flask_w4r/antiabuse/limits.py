"""Rate limits by name, section and network, on the host's Flask-Limiter storage; its own limits are kept off our pages.

Keys are shared by every mount and locale of a section and hold no address: who is limited is an HMAC. A storage that
is away never turns into an error or into no limit: the same limits then hold within this process.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_limiter import ExemptionScope, Limiter
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from ..services.people.networks import NetworkTiers
from .breaker import CircuitBreaker
from .counting import Asking, MemberCounts

log = logging.getLogger(__name__)

NAMESPACE = "w4r"
#: For a Limiter of our own: a Redis that hangs must not hold a request longer than this.
STORAGE_OPTIONS: Mapping[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
_RETRY_SECONDS = 5.0
_NONE: Mapping[str, str] = {}

# All counters of one request in one round trip. It stops at the first that is spent, so that someone who hammers
# does not use up the allowance of the network around them.
_HIT_ALL = b"""
for i, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[2 * i]) end
  if count > tonumber(ARGV[2 * i - 1]) then return {i, redis.call('TTL', key)} end
end
return {0, 0}
"""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that is spent: its name, and in how many seconds to come back."""

    name: str
    retry_after: int


@dataclass(frozen=True, slots=True)
class _Counter:
    name: str
    item: RateLimitItem
    identifiers: tuple[str, str, str]


class RateLimits:
    """The limits of ``W4R_RATE_LIMITS``.

    :param limiter: an initialised Flask-Limiter; its storage and strategy are used, its decorated limits are not.
    :param rate_limits: limits by name, such as ``{"sign_host": "30/minute; 300/hour"}``.
    :param key: keys the HMAC of identifiers.
    """

    def __init__(self, limiter: Limiter, rate_limits: Mapping[str, str], key: bytes) -> None:
        self._limiter = limiter
        self._key = key
        self._items = {name: _items(text) for name, text in rate_limits.items()}
        self._breaker = CircuitBreaker(failures=1, pause=_RETRY_SECONDS)
        self._lock = threading.Lock()
        self._own: RateLimiter | None = None
        self._script: tuple[Any, Any] = (None, None)
        self._members = MemberCounts(key)

    def hit(
        self, name: str, section_code: str, identifier: str, *, live: Mapping[str, str] = _NONE, share: int = 1
    ) -> Breach | None:
        """Count one use of a limit by someone.

        :param name: the limit's name.
        :param section_code: limits of two sections are apart.
        :param identifier: a network tier, a canonical address: anything, it is hashed.
        :param live: limits that stand in place of the configured ones.
        :param share: the limit is divided by so much.
        :returns: the breach, or ``None`` while there is allowance left.
        :raises KeyError: when no limit has that name.
        """
        return self._hit(self._counters(name, section_code, identifier, live, share))

    def hit_tiers(
        self,
        section_code: str,
        tiers: NetworkTiers,
        prefix: str = "sign",
        *,
        live: Mapping[str, str] = _NONE,
        share: int = 1,
    ) -> Breach | None:
        """Count one use of ``<prefix>_host``, ``_site`` and ``_block``, narrowest first, up to the first breach."""
        return self._hit(
            [
                *self._counters(f"{prefix}_host", section_code, tiers.host, live, share),
                *self._counters(f"{prefix}_site", section_code, tiers.site, live, share),
                *self._counters(f"{prefix}_block", section_code, tiers.block, live, share),
            ]
        )

    def count(self, section_code: str, asked: Sequence[Asking]) -> list[list[int]]:
        """Count some arrivals, in one round trip; a storage that is away is stood in for by this process.

        :param asked: what each is counted for, who it is, and the moment, from the injected clock.
        :returns: for each how many different members each of its counts has had in its window so far.
        """
        if self._breaker.allows():
            try:
                found = self._members.count(self._limiter.storage, section_code, asked)
            except Exception as error:
                if self._breaker.failed():
                    log.warning(
                        "Rate limit storage is unavailable (%s); counting in this process only", type(error).__name__
                    )
            else:
                if self._breaker.succeeded():
                    log.warning("Rate limit storage is available again")
                return found
        return [self._members.count_here(section_code, one) for one in asked]

    def _counters(
        self, name: str, section_code: str, identifier: str, live: Mapping[str, str], share: int
    ) -> Iterable[_Counter]:
        who = hmac.digest(self._key, f"{name}|{identifier}".encode("utf-8", "replace"), hashlib.sha256).hex()[:32]
        identifiers = (name, section_code, who)
        items = _items(live[name]) if name in live else self._items[name]
        if share > 1:
            items = _shared(items, share)
        return [_Counter(name, item, identifiers) for item in items]

    def _hit(self, counters: Iterable[_Counter]) -> Breach | None:
        counters = list(counters)
        if self._breaker.allows():
            try:
                breach = self._hit_with(self._limiter.limiter, counters)
            except Exception as error:
                if self._breaker.failed():
                    log.warning(
                        "Rate limit storage is unavailable (%s); limits apply in this process only",
                        type(error).__name__,
                    )
            else:
                if self._breaker.succeeded():
                    log.warning("Rate limit storage is available again")
                return breach
        return _hit_each(self._fallback(), counters)

    def _hit_with(self, strategy: RateLimiter, counters: list[_Counter]) -> Breach | None:
        storage = strategy.storage
        if type(strategy) is FixedWindowRateLimiter and type(storage) is RedisStorage:
            return self._hit_redis(storage, counters)
        return _hit_each(strategy, counters)

    def _hit_redis(self, storage: RedisStorage, counters: list[_Counter]) -> Breach | None:
        script = self._script[1]
        if self._script[0] is not storage:
            script = storage.get_connection().register_script(_HIT_ALL)
            self._script = (storage, script)
        keys = [storage.prefixed_key(counter.item.key_for(*counter.identifiers)) for counter in counters]
        limits = [number for counter in counters for number in (counter.item.amount, counter.item.get_expiry())]
        position, seconds = script(keys, limits)
        if not position:
            return None
        counter = counters[position - 1]
        return Breach(counter.name, _wait(seconds, counter.item))

    def _fallback(self) -> RateLimiter:
        with self._lock:
            if self._own is None:
                self._own = FixedWindowRateLimiter(MemoryStorage())
            return self._own


@lru_cache(maxsize=512)
def _items(text: str) -> tuple[RateLimitItem, ...]:
    items = sorted(parse_many(text))
    for item in items:
        item.namespace = NAMESPACE
    return tuple(items)


@lru_cache(maxsize=512)
def _shared(items: tuple[RateLimitItem, ...], share: int) -> tuple[RateLimitItem, ...]:
    return tuple(type(item)(max(1, item.amount // share), item.multiples, item.namespace) for item in items)


def _hit_each(strategy: RateLimiter, counters: Iterable[_Counter]) -> Breach | None:
    for counter in counters:
        if not strategy.hit(counter.item, *counter.identifiers):
            reset = strategy.get_window_stats(counter.item, *counter.identifiers).reset_time
            return Breach(counter.name, _wait(reset - time.time(), counter.item))
    return None


def _wait(seconds: float, item: RateLimitItem) -> int:
    return max(1, min(int(seconds + 0.999), item.get_expiry()))


def describe_problems(limiter: Limiter, production: bool) -> list[str]:
    """Say what keeps a Limiter from protecting the site; empty when nothing does.

    :param limiter: the one in use.
    :param production: neither debugging nor testing; limits in memory are then a problem, since each process counts
        for itself.
    """
    if not limiter.enabled:
        return ["Flask-Limiter is disabled: set RATELIMIT_ENABLED to True"]
    if not limiter.initialized:
        return ["Flask-Limiter is not initialised, so it limits nothing: call limiter.init_app(app)"]
    in_memory = isinstance(limiter.storage, MemoryStorage)
    # Flask-Limiter shows this nowhere publicly.
    if not in_memory and not getattr(limiter, "_in_memory_fallback_enabled", False):
        return [
            "Flask-Limiter has no fallback for when its storage is unavailable: set RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"
        ]
    if in_memory and production:
        return ["Flask-Limiter counts in memory, so each process allows the full limit: set RATELIMIT_STORAGE_URI"]
    return []


def keep_off(limiter: Limiter, app: Any, names: Iterable[str], at_ours: Callable[[], bool]) -> None:
    """Exempt our pages from the limits that a host gives to whatever its app serves.

    Those are meant for its own pages: a school's pupils behind one address would share "50 per hour". What a host
    says of a blueprint or a view of ours itself holds.

    :param limiter: one of the host's.
    :param app: the Flask app.
    :param names: our blueprints.
    :param at_ours: whether the request at hand is for a page of ours.
    """
    manager = limiter.limit_manager
    for name in names:
        flags = ExemptionScope.DEFAULT | ExemptionScope.APPLICATION
        # Together with this flag Flask-Limiter drops a blueprint's own limits.
        if not manager.blueprint_limits(app, name):
            flags |= ExemptionScope.META
        # Flask-Limiter shows neither of the two publicly: what is exempt already, and the limits for a storage that is away.
        held = getattr(limiter, "_blueprint_exemptions", {}).get(name, ExemptionScope.NONE)
        limiter.exempt(app.blueprints[name], flags=held | flags)
    for group in getattr(limiter, "_in_memory_fallback", ()):
        group.exempt_when = _either(at_ours, group.exempt_when)


def _either(one: Callable[[], bool], other: Callable[[], bool] | None) -> Callable[[], bool]:
    return one if other is None else lambda: one() or other()


def seconds_left(limiters: Iterable[Limiter]) -> int | None:
    """In how many seconds to come back, where one of the host's limits is spent by the request at hand."""
    for limiter in limiters:
        limit = limiter.current_limit
        if limit is None or not limit.breached:
            continue
        try:
            return _wait(limit.reset_at - time.time(), limit.limit)
        except Exception as error:
            log.warning("Rate limit storage is away (%s)", type(error).__name__)
    return None
