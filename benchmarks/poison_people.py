"""The people of the poison simulation: who signs when, from where, under which name. All from one seed."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

GENUINE = 2000
FAKES = ("network", "sequence", "drip", "disposable")
FAKES_EACH = 2500
MINUTE, HOUR, DAY = 60, 3600, 86_400
#: Seconds after the day began (at noon) at which the floods begin: around midnight.
MIDNIGHT = 12 * HOUR


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _several(
    "Anna Ben Carla David Elena Farid Grace Hassan Ines Jonas Khadija Lars Maria Nadia Omar Paula Quentin Rosa Samuel "
    "Tariq Ursula Viktor Wanjiru Xenia Youssef Zoe Aminata Boubacar Chloe Diego Emre Fatima Georg Hana Ibrahim Julia "
    "Kofi Leila Mehmet Noor Olga Pedro Rania Sofia Thomas Uma Vera William Yara Zainab"
)
_LAST = _several(
    "Smith Jones Nguyen Garcia Müller Diallo Traoré Keita Benali Haddad Kowalski Novak Rossi Ferrari Silva Santos Kim "
    "Park Tanaka Singh Patel Khan Ahmed Okafor Mwangi Ndlovu Dubois Martin Bernard Petit Schmidt Weber Wagner Becker "
    "Andersson Nilsson Hansen Larsen Virtanen Ivanova Petrov Costa Pereira Lopez Gonzalez Fernandez Perez Cohen Levi "
    "Brown Taylor Wilson Evans Walker Wright Robinson Thompson White Hughes Edwards Green Hall Wood Harris Lewis Clarke "
    "Jackson Cooper Ward Morris Moore Clark Lee King Baker Harrison Morgan Allen James Scott Phillips Watson Davis Bennett"
)
_LISTED = ("gmail.com",) * 10 + ("outlook.com",) * 4 + ("yahoo.com",) * 3 + ("hotmail.com", "icloud.com", "proton.me")
_OWN = ("example-shop", "gardenclub", "northwind", "oldmill", "riverside", "bluebird", "stonebridge", "lakeview")
_DISPOSABLE = ("mailinator.com", "yopmail.com", "guerrillamail.com", "10minutemail.com")


@dataclass(frozen=True)
class Person:
    """One who signs: at which second of the day, and when they confirm (seconds after, or never)."""

    at: float
    kind: str
    group: str
    first: str
    last: str
    email: str
    ip: str
    confirms_after: float | None


def day(seed: int, scale: float = 1.0) -> list[Person]:
    """Everybody of the day in the order in which they sign."""
    rng = random.Random(seed)
    maker = _Maker(rng)
    people = [*_genuine(maker, scale)]
    each = round(FAKES_EACH * scale)
    for kind in FAKES:
        people += _FLOODS[kind](maker, each)
    return sorted(people, key=lambda person: person.at)


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self._taken: set[str] = set()
        self._hosts = 0

    def name(self) -> tuple[str, str]:
        # Some names are many times as frequent as others.
        rng = self.rng
        return _FIRST[int(len(_FIRST) * rng.random() ** 1.3)], _LAST[int(len(_LAST) * rng.random() ** 1.3)]

    def believable(self, first: str, last: str, domain: str) -> str:
        rng = self.rng
        plain = {"ü": "u", "é": "e"}
        one, two = ("".join(plain.get(char, char) for char in name.lower()) for name in (first, last))
        shapes = (f"{one}.{two}", f"{one[0]}{two}", f"{one}{two}", f"{two}.{one}", f"{one}_{two}", f"{one}.{two[0]}")
        while True:
            local = rng.choice(shapes)
            if rng.random() < 0.6:
                local += str(rng.choice((rng.randrange(1, 100), rng.randrange(1950, 2010), rng.randrange(100, 10_000))))
            if self.free(address := f"{local}@{domain}"):
                return address

    def free(self, address: str) -> bool:
        # Gmail reads over dots, so that two spellings would be one mailbox.
        local, domain = address.split("@")
        canonical = f"{local.replace('.', '').replace('_', '').replace('-', '')}@{domain}"
        if canonical in self._taken:
            return False
        self._taken.add(canonical)
        return True

    def home(self) -> str:
        """An address at home: one of a few thousand networks."""
        self._hosts += 1
        rng = self.rng
        return f"{rng.choice((81, 86, 92, 109, 151, 176, 188))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"

    def confirms(self, share: float = 0.92, fast: float = 0.05) -> float | None:
        rng = self.rng
        if rng.random() > share:
            return None
        return rng.uniform(2, 8) if rng.random() < fast else rng.expovariate(1 / 900) + 25

    def random_local(self, low: int = 10, high: int = 12) -> str:
        letters = string.ascii_lowercase + string.digits
        return self.rng.choice(string.ascii_lowercase) + "".join(
            self.rng.choice(letters) for _ in range(self.rng.randint(low, high) - 1)
        )

    def genuine(self, at: float, group: str, email: str | None = None, ip: str | None = None) -> Person:
        first, last = self.name()
        email = email or self.believable(first, last, self.rng.choice(_LISTED))
        return Person(at, "genuine", group, first, last, email, ip or self.home(), self.confirms())

    def fake(self, at: float, kind: str, email: str, ip: str, share: float = 0.6, fast: float = 0.3) -> Person:
        first, last = self.name()
        return Person(at, kind, kind, first, last, email, ip, self.confirms(share, fast))


def _genuine(maker: _Maker, scale: float) -> Iterator[Person]:
    rng = maker.rng
    made = 0

    def count(number: int) -> range:
        nonlocal made
        amount = max(1, round(number * scale))
        made += amount
        return range(amount)

    start = MIDNIGHT + 20 * MINUTE  # A school on the other side of the world, in the midst of the floods.
    for number in range(30):
        made += 1
        email = f"7b-{number + 1:02}@school.example"
        yield maker.genuine(start + rng.uniform(0, 12 * MINUTE), "class", email, "203.0.113.40")
    for name in ("ada", "bob", "cleo", "dora", "eli"):
        made += 1
        yield maker.genuine(MIDNIGHT + rng.uniform(0, HOUR), "family", f"{name}@thefamily.example", "198.51.100.9")
    for number in count(40):
        yield maker.genuine(
            rng.uniform(0, 2 * HOUR), "company", f"staff.{_letters(number)}@company.example", "198.51.100.77"
        )
    identities = iter(rng.sample(range(4_500_000, 4_600_000), 200))
    for _ in count(120):
        email, ip = f"s{next(identities)}@student.university.example", f"192.0.2.{rng.randrange(1, 9)}"
        yield maker.genuine(rng.uniform(3 * HOUR, 6 * HOUR), "university", email, ip)
    for _ in count(150):
        yield maker.genuine(rng.uniform(0, DAY), "carrier", ip=f"100.70.1.{rng.randrange(1, 5)}")
    for _ in count(300):
        yield maker.genuine(rng.uniform(8 * HOUR, 9 * HOUR), "newspaper")
    for _ in count(3):
        yield maker.genuine(rng.uniform(0, DAY), "same network", ip=f"185.220.101.{rng.randrange(100, 200)}")
    for _ in count(6):
        email = f"{maker.random_local(7, 9)}@{rng.choice(_DISPOSABLE)}"
        yield maker.genuine(rng.uniform(0, DAY), "disposable mailbox", email)
    for _ in count(10):
        email = f"{maker.random_local()}@gmail.com"
        yield maker.genuine(rng.uniform(0, DAY), "odd mailbox", email)
    for _ in count(40):
        email = f"{maker.random_local()}@{rng.choice(('privaterelay.appleid.com', 'duck.com', 'mozmail.com'))}"
        yield maker.genuine(rng.uniform(0, DAY), "relay", email)
    for number in range(max(0, round(GENUINE * scale) - made)):
        at = DAY * rng.random()
        if rng.random() < 0.15:
            first, last = maker.name()
            domain = f"{rng.choice(_OWN)}{number}.example"
            yield maker.genuine(at, "public", maker.believable(first, last, domain))
        else:
            yield maker.genuine(at, "public")


def _letters(number: int) -> str:
    return string.ascii_lowercase[number // 26] + string.ascii_lowercase[number % 26]


def _network(maker: _Maker, count: int) -> Iterator[Person]:
    """From five addresses of one network within an hour; believable addresses."""
    for _ in range(count):
        first, last = maker.name()
        email = maker.believable(first, last, maker.rng.choice(_LISTED))
        ip = f"185.220.101.{maker.rng.randrange(1, 6)}"
        yield maker.fake(MIDNIGHT + maker.rng.uniform(0, HOUR), "network", email, ip)


def _sequence(maker: _Maker, count: int) -> Iterator[Person]:
    """A network each, numbered addresses at one provider, within two hours."""
    for number in range(count):
        at = MIDNIGHT + 10 * MINUTE + 2 * HOUR * (number + maker.rng.random()) / count
        yield maker.fake(at, "sequence", f"john{number + 1}@gmail.com", maker.home())


def _drip(maker: _Maker, count: int) -> Iterator[Person]:
    """All day long, from forty addresses in as many networks; mailboxes with names by lot at three providers."""
    rng = maker.rng
    hosts = [maker.home() for _ in range(max(2, round(40 * count / FAKES_EACH)))]
    for _ in range(count):
        email = f"{maker.random_local()}@{rng.choice(('gmail.com', 'outlook.com', 'yahoo.com'))}"
        yield maker.fake(rng.uniform(0, DAY), "drip", email, rng.choice(hosts))


def _disposable(maker: _Maker, count: int) -> Iterator[Person]:
    """Mailboxes of disposable providers, a network each, within three hours."""
    for number in range(count):
        first, _ = maker.name()
        email = f"{first.lower()}{number}@{maker.rng.choice(_DISPOSABLE)}"
        yield maker.fake(MIDNIGHT + maker.rng.uniform(0, 3 * HOUR), "disposable", email, maker.home(), 0.8, 0.8)


_FLOODS: dict[str, Callable[[_Maker, int], Iterator[Person]]] = {
    "network": _network,
    "sequence": _sequence,
    "drip": _drip,
    "disposable": _disposable,
}
