"""A section's block and allow lists: what an entry may say, and how a signature is held against all of them at once.

Block is asked before allow, and allow before any rate or score. Network entries are compared with the address of the
request itself, which is never stored; an entry for a network that the desk showed as a hash is compared under the key
of the day it was shown for, so it holds across midnight and ends when that key is deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import translate
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from babel import Locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import DayKey
from ..people.addresses import Address, AddressFault, parse_address
from ..people.networks import NetworkTiers, tier_hash

#: More hashes than this are not looked for at once.
MOST_HASHES = 4096
TIERS = ("host", "site", "block")
#: Prefix lengths of site and block, by IP version; a host is the whole address.
_PREFIXES = {4: (24, 16), 6: (64, 48)}
_LABEL = re.compile(r"[a-z0-9_*?-]{1,63}")

Network = IPv4Network | IPv6Network


class RuleFault(ValueError):
    """An entry cannot be used. ``key`` says why: ``empty``, ``too_wide``, or the kind it should have been."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """The entry that decides. ``effect`` is ``block`` or ``allow``."""

    effect: str
    kind: str
    rule_id: int


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """An entry as it is stored, opened. ``value`` is empty for addresses: their ``index`` is enough."""

    id: int
    effect: str
    kind: str
    value: str
    index: bytes
    expires_at: datetime | None = None


def parse_network(text: str) -> Network:
    """Read a CIDR or a single address, of any prefix length but zero.

    :returns: the network, host bits dropped, IPv4 within IPv6 unwrapped.
    :raises RuleFault: ``network``, or ``too_wide`` for everybody at once, which is what a lockdown is for.
    """
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise RuleFault("network") from error
    if isinstance(found, IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            found = IPv4Network((int(mapped), found.prefixlen - 96))
    if found.prefixlen == 0:
        raise RuleFault("too_wide")
    return found


def parse_seen(text: str) -> tuple[date, str, bytes]:
    """Read a network as the desk shows it, ``<day>/<tier>/<hex>``.

    :raises RuleFault: ``seen_network``.
    """
    day, _, rest = text.strip().partition("/")
    tier, _, digits = rest.partition("/")
    try:
        found = date.fromisoformat(day), tier, bytes.fromhex(digits)
    except ValueError as error:
        raise RuleFault("seen_network") from error
    if tier not in TIERS or len(found[2]) != 32:
        raise RuleFault("seen_network")
    return found


def parse_domain(text: str) -> str:
    """Read a domain or a glob of one (``*`` and ``?``) in ASCII and small letters.

    :raises RuleFault: ``domain``, or ``too_wide`` when nothing in it is fixed.
    """
    wanted = text.strip().rstrip(".").removeprefix("@")
    if not wanted.isascii():
        wanted = ".".join(label if label.isascii() else _in_ascii(label) for label in wanted.split("."))
    wanted = wanted.lower()
    if len(wanted) > 253 or not all(_LABEL.fullmatch(label) for label in wanted.split(".")):
        raise RuleFault("domain")
    if not re.search(r"[a-z0-9]", wanted):
        raise RuleFault("too_wide")
    return wanted


def _in_ascii(label: str) -> str:
    # As addresses are read, so that an entry and an address of that domain are written alike.
    try:
        return parse_address(f"a@{label}.org").domain.removesuffix(".org")
    except AddressFault as error:
        raise RuleFault("domain") from error


def normalise(kind: str, text: str, *, test_environment: bool = False) -> str:
    """The one way in which an entry is written, so that none stands twice.

    :param kind: one of ``RULE_KINDS``.
    :param text: what somebody typed or pressed.
    :param test_environment: accept addresses under ``.test`` too.
    :raises RuleFault: it cannot be used.
    """
    if not text.strip():
        raise RuleFault("empty")
    match kind:
        case "network":
            return str(parse_network(text))
        case "seen_network":
            day, tier, digest = parse_seen(text)
            return f"{day}/{tier}/{digest.hex()}"
        case "domain":
            return parse_domain(text)
        case "address":
            try:
                return parse_address(text, test_environment=test_environment).canonical
            except AddressFault as error:
                raise RuleFault("address") from error
        case _:
            code = text.strip().upper()
            if not re.fullmatch(r"[A-Z]{2}", code) or code not in Locale("en").territories:
                raise RuleFault("country")
            return code


def value_indexes(keyring: Keyring, section_code: str, kind: str, value: str) -> tuple[bytes, ...]:
    """What an entry may be known by without being opened: by the index key, then by each earlier one."""
    return keyring.blinds(f"rule|{section_code}|{kind}", value)


_Entry = tuple[int, "datetime | None"]


@dataclass
class _Side:
    """The entries of one effect, arranged so that each is found without going through all."""

    networks: dict[tuple[int, int], dict[int, _Entry]] = field(default_factory=dict)
    seen: dict[tuple[date, str], dict[bytes, _Entry]] = field(default_factory=dict)
    domains: dict[str, _Entry] = field(default_factory=dict)
    globs: list[tuple[re.Pattern[str], _Entry]] = field(default_factory=list)
    addresses: dict[bytes, _Entry] = field(default_factory=dict)
    countries: dict[str, _Entry] = field(default_factory=dict)

    def add(self, entry: RuleEntry) -> None:
        kept = (entry.id, entry.expires_at)
        match entry.kind:
            case "network":
                network = parse_network(entry.value)
                same_length = self.networks.setdefault((network.version, network.prefixlen), {})
                same_length[int(network.network_address)] = kept
            case "seen_network":
                day, tier, digest = parse_seen(entry.value)
                self.seen.setdefault((day, tier), {})[digest] = kept
            case "domain" if set(entry.value) & {"*", "?"}:
                self.globs.append((re.compile(translate(entry.value)), kept))
            case "domain":
                self.domains[entry.value] = kept
            case "address":
                self.addresses[entry.index] = kept
            case _:
                self.countries[entry.value] = kept


class RuleSet:
    """All entries of a section, ready to be asked. Unchangeable; made anew when an entry changes.

    :param entries: the entries, opened.
    :param address_indexes: makes the indexes that a canonical address may be known by.
    """

    def __init__(
        self,
        entries: Iterable[RuleEntry] = (),
        address_indexes: Callable[[str], Iterable[bytes]] = lambda address: (address.encode(),),
    ) -> None:
        self._sides = {"block": _Side(), "allow": _Side()}
        self._address_indexes = address_indexes
        for entry in entries:
            self._sides[entry.effect].add(entry)
        self._any = any(side != _Side() for side in self._sides.values())
        #: Whether the client's country makes a difference.
        self.asks_country = any(side.countries for side in self._sides.values())
        #: The days whose keys are needed to ask.
        self.days: frozenset[date] = frozenset(day for side in self._sides.values() for day, _ in side.seen)

    def __bool__(self) -> bool:
        return self._any

    def ask(
        self,
        *,
        tiers: NetworkTiers,
        day_secrets: Mapping[date, bytes],
        address: Address | None,
        country: str | None,
        now: datetime,
    ) -> RuleMatch | None:
        """Find the entry that decides: any block first, then any allow.

        :param tiers: the client's network.
        :param day_secrets: of :attr:`days`, as far as they still stand.
        :param country: ISO 3166 code, or ``None`` where nobody can tell.
        :param now: entries that ended by then are passed over.
        """
        try:
            client: IPv4Address | IPv6Address | None = ip_address(tiers.host)
        except ValueError:
            client = None
        for effect, side in self._sides.items():
            for kind, entry in self._candidates(side, client, tiers, day_secrets, address, country):
                if entry is not None and (entry[1] is None or entry[1] > now):
                    return RuleMatch(effect, kind, entry[0])
        return None

    def _candidates(
        self,
        side: _Side,
        client: IPv4Address | IPv6Address | None,
        tiers: NetworkTiers,
        day_secrets: Mapping[date, bytes],
        address: Address | None,
        country: str | None,
    ) -> Iterable[tuple[str, _Entry | None]]:
        if client is not None:
            for (version, length), networks in side.networks.items():
                if version == client.version:
                    spare = client.max_prefixlen - length
                    yield "network", networks.get(int(client) >> spare << spare)
        for (day, tier), digests in side.seen.items():
            if day in day_secrets:
                yield "seen_network", digests.get(tier_hash(day_secrets[day], tier, getattr(tiers, tier)))
        if country is not None and side.countries:
            yield "country", side.countries.get(country.upper())
        if address is None:
            return
        yield "domain", side.domains.get(address.domain)
        for pattern, entry in side.globs:
            if pattern.match(address.domain):
                yield "domain", entry
        if side.addresses:
            for index in self._address_indexes(address.canonical):
                yield "address", side.addresses.get(index)


def day_secrets(session: Session, keyring: Keyring, days: Iterable[date] | None = None) -> dict[date, bytes]:
    """The secrets of the days that still stand.

    :param days: only these; default: all.
    """
    query = select(DayKey.day, DayKey.secret)
    if days is not None:
        query = query.where(DayKey.day.in_(list(days)))
    return {day: bytes.fromhex(keyring.open(sealed)) for day, sealed in session.execute(query)}


def hashes_of_cidr(session: Session, keyring: Keyring, cidr: str) -> list[tuple[date, str, bytes]]:
    """Every stored hash that a network may have left, under each day's key that still stands.

    :param cidr: such as ``198.51.100.0/22``; it is covered exactly, by the widest tier that fits into it.
    :returns: ``(day, tier, hash)``: a signature is of the network when the hash of that tier on that day is among them.
    :raises RuleFault: ``network``; ``too_wide`` where it would take more than :data:`MOST_HASHES`.
    """
    network = parse_network(cidr)
    site, block = _PREFIXES[network.version]
    length = network.prefixlen
    tier, unit = ("block", block) if length <= block else ("site", site) if length <= site else ("host", 0)
    unit = unit or network.max_prefixlen
    secrets = day_secrets(session, keyring)
    if unit - length > 12 or (1 << (unit - length)) * max(1, len(secrets)) > MOST_HASHES:
        raise RuleFault("too_wide")
    first, step = int(network.network_address), 1 << (network.max_prefixlen - unit)
    maker = IPv4Address if network.version == 4 else IPv6Address
    ending = "" if tier == "host" else f"/{unit}"
    names = [f"{maker(first + number * step)}{ending}" for number in range(1 << (unit - length))]
    return [(day, tier, tier_hash(secret, tier, name)) for day, secret in sorted(secrets.items()) for name in names]
