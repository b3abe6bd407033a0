"""How many different members something had in a window, counted in the rate limits' storage.

Only keyed hashes leave this module. Redis keeps a HyperLogLog a count, which holds no member at all, so nobody can be
found in it; a storage without one keeps a mark a member instead. Counts of whole crowds, which would be long to keep
so, are plain numbers there, and one mark a member for an hour keeps a second press from counting.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from limits.storage import MemoryStorage, RedisStorage, Storage

#: In this process: so many counts are kept, and so many members each; beyond that a count stands still.
MOST_COUNTS, MOST_MEMBERS = 100_000, 12_000
_SWEPT_FROM = 1_000

# All counts of one arrival; those of many arrivals go in one round trip.
_COUNT_ALL = b"""
local found = {}
local fresh = redis.call('SET', KEYS[1], 1, 'NX', 'EX', 3600)
for i = 2, #KEYS do
  local key, window = KEYS[i], tonumber(ARGV[i])
  if window < 0 then
    if fresh then
      found[i - 1] = redis.call('INCR', key)
      if found[i - 1] == 1 then redis.call('EXPIRE', key, -window) end
    else
      found[i - 1] = tonumber(redis.call('GET', key) or 0)
    end
  else
    if window > 0 and redis.call('PFADD', key, ARGV[1]) == 1 then redis.call('EXPIRE', key, window) end
    found[i - 1] = redis.call('PFCOUNT', key)
  end
end
return found
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing to count members of: its kind, which of the kind, and the window's length in seconds.

    ``adds``: the member is one of them; else the count is only looked at. ``crowd``: it counts very many.
    """

    name: str
    what: str
    window: int
    adds: bool = True
    crowd: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """One arrival: what to count it for, who it is (each counts once a window), and when it came."""

    wanted: Sequence[Counted]
    member: str
    now: datetime


class MemberCounts:
    """Counts different members.

    :param key: keys the HMAC of what is counted and of its members.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._script: tuple[Any, Any] = (None, None)
        self._own: dict[str, tuple[float, set[bytes]]] = {}
        self._sweep_at = _SWEPT_FROM
        self._lock = threading.Lock()

    def count(self, storage: Storage, section_code: str, asked: Sequence[Asking]) -> list[list[int]]:
        """Add the members of some arrivals to their counts in the storage, in their order.

        :returns: for each the counts, with the member, in the order of ``wanted``.
        :raises Exception: whatever a storage that is away raises.
        """
        if isinstance(storage, MemoryStorage):
            return [self.count_here(section_code, one) for one in asked]
        if type(storage) is RedisStorage:
            return self._in_redis(storage, section_code, asked)
        return [
            [
                self._marked(storage, self._name(section_code, item, one.now), self._member(one), item)
                for item in one.wanted
            ]
            for one in asked
        ]

    def count_here(self, section_code: str, asked: Asking) -> list[int]:
        """The same for one arrival, within this process."""
        who, moment, now = self._digest("member", asked.member), asked.now.timestamp(), asked.now
        found = []
        with self._lock:
            if len(self._own) >= min(self._sweep_at, MOST_COUNTS):
                self._sweep(moment)
            for item in asked.wanted:
                name, ends = self._name(section_code, item, now), (moment // item.window + 1) * item.window
                if not item.adds:
                    found.append(len(self._own[name][1]) if name in self._own else 0)
                    continue
                members = self._own.setdefault(name, (ends, set()))[1]
                if len(members) < MOST_MEMBERS:
                    members.add(who)
                found.append(len(members))
        return found

    def _sweep(self, moment: float) -> None:
        kept = {name: value for name, value in self._own.items() if value[0] > moment}
        # Each sweep frees about as much as was added since the last, so what it costs an arrival stays small.
        self._own = kept if len(kept) < MOST_COUNTS else {}
        self._sweep_at = max(_SWEPT_FROM, 2 * len(self._own))

    def _digest(self, name: str, what: str) -> bytes:
        return hmac.digest(self._key, f"count|{name}|{what}".encode("utf-8", "replace"), hashlib.sha256)[:12]

    def _name(self, section_code: str, item: Counted, now: datetime) -> str:
        window = int(now.timestamp()) // item.window
        return f"w4r/{section_code}/{item.name}/{self._digest(item.name, item.what).hex()}/{window}"

    def _member(self, asked: Asking) -> str:
        return self._digest("member", asked.member).hex()

    def _in_redis(self, storage: RedisStorage, section_code: str, asked: Sequence[Asking]) -> list[list[int]]:
        script = self._script[1]
        if self._script[0] is not storage:
            script = storage.get_connection().register_script(_COUNT_ALL)
            self._script = (storage, script)
        calls = []
        # Much of what comes together is counted under the same names.
        names: dict[tuple[str, str, int, int], str] = {}
        for one in asked:
            moment = int(one.now.timestamp())
            crowds = "|".join(f"{item.name}|{item.what}" for item in one.wanted if item.crowd)
            mark = f"w4r/{section_code}/seen/{self._digest('seen', f'{one.member}|{crowds}').hex()}"
            keys = [mark]
            for item in one.wanted:
                which = (item.name, item.what, item.window, moment // item.window)
                if which not in names:
                    names[which] = self._name(section_code, item, one.now)
                keys.append(names[which])
            windows = [-item.window if item.crowd else item.window if item.adds else 0 for item in one.wanted]
            calls.append(([storage.prefixed_key(key) for key in keys], [self._member(one), *windows]))
        if len(calls) == 1:
            found = [script(*calls[0])]
        else:
            redis: Any = storage.get_connection()
            with redis.pipeline(transaction=False) as pipe:
                for keys, values in calls:
                    script(keys, values, client=pipe)
                found = pipe.execute()
        return [[int(count) for count in counts] for counts in found]

    @staticmethod
    def _marked(storage: Storage, key: str, who: str, item: Counted) -> int:
        if item.adds and storage.incr(f"{key}/{who}", item.window) == 1:
            return int(storage.incr(key, item.window))
        return int(storage.get(key))
