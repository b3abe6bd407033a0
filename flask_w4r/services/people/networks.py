"""Where a request came from, without keeping an address: three tiers of network, hashed under a key of the day.

No IP address is stored. A day's key is random, sealed at rest and deleted after 14 days; the hashes it made are wiped
from the signatures then, so that not even two signatures of one network can be told to be so.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, cast

from sqlalchemy import CursorResult, Insert, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models.people import DayKey

UNKNOWN = "unknown"
_LONGEST = 64
_TIERS = ("host", "site", "block")


@dataclass(frozen=True, slots=True)
class NetworkTiers:
    """One address and the networks around it, as text: IPv4 /32 /24 /16, IPv6 /128 /64 /48."""

    host: str
    site: str
    block: str


_UNKNOWN = NetworkTiers(UNKNOWN, UNKNOWN, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Network:
    """Where a request came from, as keyed hashes of that day. ``known``: it came from an address at all."""

    day: date
    host: bytes
    site: bytes
    block: bytes
    known: bool = True

    def tiers(self) -> NetworkTiers:
        """The same as names, to be counted under: one network has the same the whole day."""
        return NetworkTiers(self.host.hex(), self.site.hex(), self.block.hex()) if self.known else _UNKNOWN


def network_tiers(remote_addr: str | None) -> NetworkTiers:
    """Return the tiers of an address.

    :param remote_addr: as the WSGI server gives it; proxies are the host application's business.
    :returns: canonical texts. IPv4 within IPv6 is unwrapped, a zone id dropped. What is no address (a unix socket,
        nothing) is ``unknown`` at every tier, so that such requests share one allowance.
    """
    if not remote_addr or len(remote_addr) > _LONGEST:
        return _UNKNOWN
    try:
        address = ip_address(remote_addr.partition("%")[0].strip())
    except ValueError:
        return _UNKNOWN
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    number = int(address)
    if isinstance(address, IPv4Address):
        site, block = IPv4Address(number >> 8 << 8), IPv4Address(number >> 16 << 16)
        return NetworkTiers(str(address), f"{site}/24", f"{block}/16")
    return NetworkTiers(
        str(IPv6Address(number)), f"{IPv6Address(number >> 64 << 64)}/64", f"{IPv6Address(number >> 80 << 80)}/48"
    )


# As many as days stand, and a few.
@functools.lru_cache(maxsize=20)
def _tier_keys(secret: bytes) -> tuple[bytes, bytes, bytes]:
    host, site, block = (hmac.digest(secret, b"w4r-net|" + tier.encode(), hashlib.sha256) for tier in _TIERS)
    return host, site, block


def network_hashes(secret: bytes, tiers: NetworkTiers) -> tuple[bytes, bytes, bytes]:
    """Return the 32-byte keyed hashes of host, site and block. Each tier has a key of its own."""
    host, site, block = _tier_keys(secret)
    return (
        hmac.digest(host, tiers.host.encode(), hashlib.sha256),
        hmac.digest(site, tiers.site.encode(), hashlib.sha256),
        hmac.digest(block, tiers.block.encode(), hashlib.sha256),
    )


def network_of(secret: bytes, day: date, tiers: NetworkTiers) -> Network:
    """What a signature keeps of a network.

    :param secret: the day's.
    """
    return Network(day, *network_hashes(secret, tiers), known=tiers.host != UNKNOWN)


def tier_hash(secret: bytes, tier: str, name: str) -> bytes:
    """Return the keyed hash of one tier.

    :param secret: the day's.
    :param tier: ``host``, ``site`` or ``block``.
    :param name: the network as :func:`network_tiers` writes it.
    """
    return hmac.digest(_tier_keys(secret)[_TIERS.index(tier)], name.encode(), hashlib.sha256)


def day_secret(session: Session, keyring: Keyring, day: date) -> bytes:
    """Return the day's secret, making its row where there is none.

    Run it in a short transaction of its own, as :class:`DayKeyCache` does: a secret that is used before it is
    committed could be lost with a rollback, and the first signers of a day would wait for each other's transaction.

    :returns: 32 bytes; the same for every process, whoever was first.
    """
    wanted = select(DayKey.secret).where(DayKey.day == day)
    sealed = session.scalar(wanted)
    if sealed is None:
        session.execute(_insert_unless_there(session, day, keyring.seal(secrets.token_hex(32))))
        # MariaDB reads the snapshot of the first SELECT unless the read locks.
        locking = session.get_bind().dialect.name in ("mysql", "mariadb")
        sealed = session.scalar(wanted.with_for_update(read=True) if locking else wanted)
    if sealed is None:
        raise LookupError(f"the day key of {day} was deleted while it was being made")
    return bytes.fromhex(keyring.open(sealed))


def known_secrets(session: Session, keyring: Keyring, since: date) -> list[bytes]:
    """The secrets of a day and of those after it, as far as there are any."""
    found = session.connection().execute(_KNOWN, {"since": since})
    return [bytes.fromhex(keyring.open(sealed)) for (sealed,) in found]


_KEYS: Any = DayKey.__table__
_KNOWN = select(_KEYS.c.secret).where(_KEYS.c.day >= bindparam("since"))


def _insert_unless_there(session: Session, day: date, sealed: str) -> Insert:
    values = {"day": day, "secret": sealed}
    match session.get_bind().dialect.name:
        case "sqlite":
            return sqlite_insert(DayKey).values(values).on_conflict_do_nothing()
        case "postgresql":
            return postgresql_insert(DayKey).values(values).on_conflict_do_nothing()
        case _:
            return insert(DayKey).prefix_with("IGNORE").values(values)


class DayKeyCache:
    """Keeps today's and yesterday's secret in the process.

    :param load: called with a day; opens a session of its own, calls :func:`day_secret`, **commits**, and returns the
        secret. Ask for the secret before the transaction that uses it begins: SQLite has one writer at a time.
    """

    _ATTEMPTS = 3

    def __init__(self, load: Callable[[date], bytes]) -> None:
        self._load = load
        self._secrets: dict[date, bytes] = {}
        self._lock = threading.Lock()

    def secret(self, day: date) -> bytes:
        """Return the secret of a day. Raises what ``load`` raises when the database is away."""
        found = self._secrets.get(day)
        if found is not None:
            return found
        with self._lock:
            if day not in self._secrets:
                secret = self._load_patiently(day)
                self._secrets = {kept: value for kept, value in self._secrets.items() if abs(kept - day).days < 2}
                self._secrets[day] = secret
            return self._secrets[day]

    def _load_patiently(self, day: date) -> bytes:
        # Two processes that make the row at once may be told to try again; the second look finds it.
        for _ in range(self._ATTEMPTS - 1):
            try:
                return self._load(day)
            except (DBAPIError, LookupError):
                continue
        return self._load(day)


#: How long a day's key is kept, in days.
KEPT_DAYS = 14


def first_day_kept(today: date) -> date:
    """The oldest day whose key, and whose hashes, there should be."""
    return today - timedelta(days=KEPT_DAYS - 1)


def purge_day_keys(session: Session, today: date) -> int:
    """Delete the keys of days before :func:`first_day_kept`.

    :returns: how many went.
    """
    done = session.execute(delete(DayKey).where(DayKey.day < first_day_kept(today)))
    return cast("CursorResult[tuple[()]]", done).rowcount
