from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.models.people import DayKey
from flask_w4r.services.people.networks import (
    DayKeyCache,
    NetworkTiers,
    day_secret,
    network_hashes,
    network_tiers,
    purge_day_keys,
)

DAY = date(2026, 11, 21)
KEYRING = Keyring([generate_key()], generate_key())


@pytest.mark.parametrize(
    ("address", "tiers"),
    [
        ("203.0.113.77", ("203.0.113.77", "203.0.113.0/24", "203.0.0.0/16")),
        ("::ffff:203.0.113.77", ("203.0.113.77", "203.0.113.0/24", "203.0.0.0/16")),
        ("2001:DB8:1:2:3::4", ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48")),
        ("fe80::1%eth0", ("fe80::1", "fe80::/64", "fe80::/48")),
        (" 10.0.0.1 ", ("10.0.0.1", "10.0.0.0/24", "10.0.0.0/16")),
    ],
)
def test_tiers(address: str, tiers: tuple[str, str, str]) -> None:
    assert network_tiers(address) == NetworkTiers(*tiers)


@pytest.mark.parametrize("address", [None, "", "unix:", "203.0.113", "203.0.113.077", "x" * 9999, "10.0.0.1:80", "é"])
def test_what_is_no_address_shares_one_tier(address: str | None) -> None:
    assert network_tiers(address) == NetworkTiers("unknown", "unknown", "unknown")


@given(st.text() | st.none())
def test_never_raises(text: str | None) -> None:
    network_tiers(text)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_each_tier_holds_the_one_below(address: object) -> None:
    tiers = network_tiers(str(address))
    assert network_tiers(tiers.host) == tiers
    host = ip_address(tiers.host)
    assert host in ip_network(tiers.site)
    assert ip_network(tiers.site).subnet_of(ip_network(tiers.block))  # type: ignore[arg-type]


def test_hashes_are_keyed_by_day_and_tier() -> None:
    tiers = NetworkTiers("unknown", "unknown", "unknown")
    hashes = network_hashes(b"a" * 32, tiers)
    assert {len(item) for item in hashes} == {32}
    assert len({*hashes, *network_hashes(b"b" * 32, tiers)}) == 6
    near, far = network_tiers("203.0.113.1"), network_tiers("203.0.113.2")
    one, two = network_hashes(b"a" * 32, near), network_hashes(b"a" * 32, far)
    assert one[0] != two[0]
    assert one[1:] == two[1:]


def test_a_day_has_one_sealed_secret(engine: Engine) -> None:
    with Session(engine) as session:
        secret = day_secret(session, KEYRING, DAY)
        session.commit()
    with Session(engine) as session:
        assert day_secret(session, KEYRING, DAY) == secret
        assert day_secret(session, KEYRING, date(2026, 11, 22)) != secret
        stored = session.scalars(select(DayKey.secret).where(DayKey.day == DAY)).one()
    assert len(secret) == 32
    assert secret.hex() not in stored
    assert KEYRING.open(stored) == secret.hex()


def test_threads_that_race_for_a_new_day_agree(engine: Engine) -> None:
    barrier = threading.Barrier(12)

    def load(day: date) -> bytes:
        with Session(engine) as session:
            secret = day_secret(session, KEYRING, day)
            session.commit()
            return secret

    def process(_: int) -> bytes:
        cache = DayKeyCache(load)  # one each, as in twelve processes
        barrier.wait()
        return cache.secret(DAY)

    with ThreadPoolExecutor(12) as pool:
        secrets = set(pool.map(process, range(12)))
    assert len(secrets) == 1
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(DayKey)) == 1


def test_a_transaction_that_began_before_the_row_finds_it(engine: Engine) -> None:
    with Session(engine) as early, Session(engine) as other:
        assert early.scalar(select(func.count()).select_from(DayKey)) == 0
        secret = day_secret(other, KEYRING, DAY)
        other.commit()
        assert day_secret(early, KEYRING, DAY) == secret


def test_the_other_work_of_the_session_stays(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(DayKey(day=date(2026, 11, 1), secret=KEYRING.seal("pending")))
        day_secret(session, KEYRING, DAY)
        session.commit()
        assert session.scalar(select(func.count()).select_from(DayKey)) == 2


def test_old_keys_go(engine: Engine) -> None:
    with Session(engine) as session:
        for day in (date(2026, 11, 6), date(2026, 11, 7), date(2026, 11, 8), DAY):
            day_secret(session, KEYRING, day)
        assert purge_day_keys(session, DAY) == 2
        assert session.scalars(select(DayKey.day).order_by(DayKey.day)).all() == [date(2026, 11, 8), DAY]
        assert purge_day_keys(session, DAY + timedelta(days=13)) == 1


def test_the_cache_asks_once_and_forgets_old_days() -> None:
    asked: list[date] = []

    def load(day: date) -> bytes:
        asked.append(day)
        return day.isoformat().encode()

    cache = DayKeyCache(load)
    days = [date(2026, 11, 20), DAY, date(2026, 11, 22)]
    for day in [*days, *days[1:]]:
        assert cache.secret(day) == day.isoformat().encode()
    assert asked == days
    cache.secret(days[0])
    assert asked == [*days, days[0]]


def test_the_cache_tries_again_and_then_tells() -> None:
    fault = OperationalError("insert", {}, Exception("try restarting transaction"))
    answers: list[Exception | bytes] = [fault, b"found", fault, fault, fault]

    def load(day: date) -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, bytes):
            return answer
        raise answer

    cache = DayKeyCache(load)
    assert cache.secret(DAY) == b"found"
    with pytest.raises(OperationalError):
        cache.secret(date(2026, 11, 22))
    assert answers == []
