from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask_limiter import Limiter
from limits.storage import MemoryStorage

from flask_w4r.antiabuse import counting, rates
from flask_w4r.antiabuse.counting import Asking, Counted, MemberCounts
from flask_w4r.antiabuse.findings import Finding
from flask_w4r.antiabuse.formtoken import FormAge
from flask_w4r.antiabuse.limits import RateLimits
from flask_w4r.antiabuse.outcome import CaptchaOutcome
from flask_w4r.antiabuse.pipeline import judge
from flask_w4r.antiabuse.rates import Arrival
from flask_w4r.config_defaults import DEFAULT_SCORING
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import network_tiers

from .conftest import make_limiter, redis_client
from .servers import CuttableProxy

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOLD_AT = DEFAULT_SCORING["hold_at"]
WHO = Counted("host_hour", "203.0.113.7", 3600)


def _limits(limiter: Limiter) -> RateLimits:
    return RateLimits(limiter, {}, b"k" * 32)


class Section:
    """A section's arrivals, one after another."""

    def __init__(self, limits: RateLimits, usual: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self.limits, self.usual, self.number, self.now = limits, usual or {}, 0, NOW
        self.code = secrets.token_hex(4)

    def arrive(self, **changes: Any) -> list[Finding]:
        self.number += 1
        number = self.number
        # A network, a name and a domain of its own each, unless a test says otherwise.
        values: dict[str, Any] = {
            "section_code": self.code, "case_ids": (17,), "ip": f"81.{number // 250}.{number % 250}.9", "texts": (),
            "email": f"{_word(number)}@{_word(number)}.example", "first_name": _word(number), "last_name": "Lee",
            "now": self.now, **changes,
        }  # fmt: skip
        email = values.pop("email")
        tiers, address = network_tiers(values.pop("ip")), parse_address(email) if email else None
        member = address.canonical if address else f"nobody {number}"
        return self.come_together([Arrival(tiers=tiers, address=address, member=member, **values)])[0]

    def come_together(self, arrivals: Sequence[Arrival]) -> list[list[Finding]]:
        """What is found of arrivals of one batch."""
        none = [()] * len(arrivals)
        return rates.findings(self.limits, arrivals, none, scoring=DEFAULT_SCORING, usual=self.usual)

    def held(self, every: Iterable[dict[str, Any]]) -> list[bool]:
        """Whether each would be held for what was found."""
        return [sum(finding.score for finding in self.arrive(**changes)) >= HOLD_AT for changes in every]


def _word(number: int) -> str:
    letters = ""
    while True:
        number, rest = divmod(number, 8)
        letters += ("ba", "ce", "di", "fo", "gu", "ha", "je", "li")[rest]
        if not number:
            return f"q{letters}"


@pytest.fixture
def section(memory_limiter: Limiter) -> Section:
    return Section(_limits(memory_limiter))


def _checks(findings: Iterable[Finding]) -> dict[str, int]:
    return {finding.check: finding.score for finding in findings}


def test_people_of_all_kinds_give_nothing(section: Section) -> None:
    assert all(section.arrive() == [] for _ in range(200))


@pytest.fixture(params=["memory", "redis", "marks"])
def counts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RateLimits:
    if request.param == "redis":
        return _limits(request.getfixturevalue("redis_limiter"))
    if request.param == "marks":
        # A storage of another kind, such as memcached.
        class Other:
            def __init__(self) -> None:
                self._memory = MemoryStorage()
                self.incr, self.get = self._memory.incr, self._memory.get

        limiter = request.getfixturevalue("memory_limiter")
        monkeypatch.setattr(type(limiter), "storage", Other())
        return _limits(limiter)
    return _limits(request.getfixturevalue("memory_limiter"))


def test_members_count_once_a_window(counts: RateLimits) -> None:
    def count(member: str, now: datetime = NOW, **changes: Any) -> int:
        wanted = [Counted("host_hour", "203.0.113.7", 3600, **changes)]
        return counts.count(code, [Asking(wanted, member, now)])[0][0]

    code = secrets.token_hex(4)
    assert [count("ann"), count("ann"), count("ben"), count("ann"), count("cleo")] == [1, 1, 2, 2, 3]
    assert count("dora", adds=False) == 3
    assert count("dora", NOW + timedelta(hours=1)) == 1
    code = secrets.token_hex(4)
    assert [count(name, crowd=True) for name in ("ann", "ann", "ben", "ann", "cleo")] == [1, 1, 2, 2, 3]
    assert counts.count("other", [Asking([WHO], "ann", NOW)]) == [[1]]


def test_redis_counts_crowds_well_and_keeps_no_member(redis_limiter: Limiter) -> None:
    limits, code = _limits(redis_limiter), secrets.token_hex(4)
    for number in range(1000):
        found = limits.count(code, [Asking([WHO], f"ann{number}@example.org", NOW)])[0][0]
    assert abs(found - 1000) < 40
    client = redis_client(redis_limiter)
    keys = [key for key in client.scan_iter("*") if code.encode() in key]
    assert all(0 < client.ttl(key) <= 3600 for key in keys)
    assert not any(b"203.0.113" in key or b"example" in key for key in keys)
    assert not any(b"example" in client.get(key) for key in keys)


def test_one_round_trip(redis_limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Section(_limits(redis_limiter))
    asked.arrive()
    trips: list[int] = []
    client = type(redis_client(redis_limiter))
    before = client.execute_command
    monkeypatch.setattr(client, "execute_command", lambda *args, **kw: (trips.append(1), before(*args, **kw))[1])
    asked.arrive(email="john7@gmail.com", texts=["Please free her now, she did nothing wrong"])
    assert len(trips) == 1


def test_many_that_come_together_are_seen_to_be_many(counts: RateLimits) -> None:
    """In whatever storage, as the last of them alone would be; and each still counts once."""
    asked = [Asking([WHO, Counted("all_hour", "", 3600, crowd=True)], f"ann{number % 50}", NOW) for number in range(60)]
    code = secrets.token_hex(4)
    found = counts.count(code, asked)
    assert [round(some[0], -1) for some in (found[0], found[-1])] == [0, 50]
    assert found[-1][1] == 50


def test_without_redis_this_process_counts(redis_proxy: CuttableProxy, caplog: pytest.LogCaptureFixture) -> None:
    limiter = make_limiter(f"redis://127.0.0.1:{redis_proxy.port}")
    limits, code = _limits(limiter), secrets.token_hex(4)
    limits.count(code, [Asking([WHO], "ann", NOW)])
    redis_proxy.cut()
    found = [limits.count(code, [Asking([WHO], name, NOW)])[0][0] for name in ("ben", "cleo", "ben")]
    redis_client(limiter).close()
    assert found == [1, 2, 2]
    assert caplog.text.count("storage is unavailable") == 1


def test_what_this_process_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_MEMBERS", 10)
    monkeypatch.setattr(counting, "MOST_COUNTS", 50)
    monkeypatch.setattr(counting, "_SWEPT_FROM", 20)
    counts = MemberCounts(b"k")
    for number in range(200):
        last = counts.count_here("AU", Asking([WHO], f"ann{number}", NOW))
        counts.count_here("AU", Asking([Counted("name_hour", str(number), 3600)], "ann", NOW))
    assert last[0] <= 10
    assert len(counts._own) <= 52
    for number in range(50):
        counts.count_here(
            "AU", Asking([Counted("name_hour", str(number), 3600)], "ann", NOW + timedelta(hours=2 + number))
        )
    assert len(counts._own) <= 20


class TestHonestCrowds:
    def test_a_class_with_numbered_accounts(self, section: Section) -> None:
        every = [{"ip": "203.0.113.40", "email": f"7b-{number:02}@school.example"} for number in range(1, 31)]
        assert not any(section.held(every))

    def test_a_class_whose_names_are_numbered_too(self, section: Section) -> None:
        every = [
            {
                "ip": "203.0.113.40",
                "email": f"sam{number}@school.example",
                "first_name": "Sam",
                "last_name": f"S{number}",
            }
            for number in range(30)
        ]
        assert not any(section.held(every))

    def test_a_family(self, section: Section) -> None:
        every = [
            {"ip": "203.0.113.40", "email": f"{name}@lees.example", "first_name": name}
            for name in ("ann", "ben", "cleo", "dora", "eli")
        ]
        assert all(section.arrive(**one) == [] for one in every)

    def test_a_university(self, section: Section) -> None:
        every = [
            {"ip": f"192.0.2.{number % 8 + 1}", "email": f"s{4_500_000 + 719 * number}@student.uni.example"}
            for number in range(140)
        ]
        assert not any(section.held(every))

    def test_a_company(self, section: Section) -> None:
        every = [{"ip": "192.0.2.1", "email": f"{_word(number)}@company.example"} for number in range(150)]
        assert not any(section.held(every))

    def test_a_case_in_the_news(self, memory_limiter: Limiter) -> None:
        usual = {"case": {"17": 20.0}, "domain": {"gmail.com": 9.0}}
        section = Section(_limits(memory_limiter), usual)
        found = [_checks(section.arrive(email=f"{_word(number)}@gmail.com")) for number in range(1200)]
        assert max(sum(one.values()) for one in found) < HOLD_AT
        assert found[-1] == {"rate_case": 10}

    def test_a_name_that_thousands_bear(self, section: Section) -> None:
        maria = {"first_name": "Maria", "last_name": "Silva"}
        found = [_checks(section.arrive(**(maria if number % 40 == 0 else {}))) for number in range(400)]
        assert not any("name_repeated" in one for one in found)

    def test_pressing_again_and_signing_ten_cases_is_one(self, section: Section) -> None:
        every = [section.arrive(email="john7@gmail.com", ip="203.0.113.4", case_ids=(case % 10,)) for case in range(90)]
        assert not any(every)

    def test_an_address_that_nobody_knows_is_no_network(self, section: Section) -> None:
        assert all("rate_network" not in _checks(section.arrive(ip=None)) for _ in range(300))

    def test_without_an_address_each_is_new(self, section: Section) -> None:
        found = [_checks(section.arrive(email=None, ip="203.0.113.4")) for _ in range(50)]
        assert found[-1] == {"rate_network": 25}


class TestFloods:
    def test_one_network(self, section: Section) -> None:
        held = section.held({"ip": "203.0.113.4"} for _ in range(400))
        assert not any(held[:150])
        assert all(held[200:])

    def test_numbered_addresses_at_a_public_provider(self, section: Section) -> None:
        held = section.held({"email": f"john{number}@gmail.com"} for number in range(1, 1001))
        assert sum(held) > 900

    def test_addresses_by_lot_from_one_network(self, section: Section) -> None:
        found = [_checks(section.arrive(ip="203.0.113.4", email=f"x{n}kq{n}zv{n}@gmail.com")) for n in range(10, 30)]
        assert found[0] == {"address_random": 20}
        assert found[-1] == {"address_random": 40, "rate_network": 50}

    def test_a_flood_that_drips_from_many_networks_is_known_by_its_pattern(self, section: Section) -> None:
        """Two from each of thirty networks, among four hundred honest people: from where others came by lot, the second is
        enough; an honest household among them is not meant."""
        every = [
            {"ip": f"203.0.{number % 30}.4", "email": f"x{number}kq{number}zv{number}@gmail.com"}
            for number in range(10, 70)
        ]
        for number in range(400):
            section.arrive(email=f"{_word(number)}@gmail.com", ip=f"81.2.{number // 2}.9")
        held = section.held(every)
        assert sum(held[:30]) == 0 and all(held[-20:])
        household = [{"email": f"{name}.{name}son@gmail.com", "ip": "198.51.100.7"} for name in ("ann", "ben", "cleo")]
        assert not any(section.held(household))

    def test_addresses_by_lot_alone_do_not_hold(self, section: Section) -> None:
        every = [_checks(section.arrive(email=f"x{n}kq{n}zv{n}@gmail.com")) for n in range(10, 40)]
        assert every[-1]["address_random"] == 40 < HOLD_AT

    def test_one_name(self, section: Section) -> None:
        found = [_checks(section.arrive(first_name="Max", last_name=f"Meyer{number}")) for number in range(20)]
        assert found[0] == {}
        assert found[-1] == {"name_repeated": 10}

    def test_one_text(self, section: Section) -> None:
        text = "This government is the best one, leave it alone"
        found = [_checks(section.arrive(texts=[f"{text} {number}!"])) for number in range(20)]
        assert (found[0], found[5], found[-1]) == ({}, {"text_repeated": 20}, {"text_repeated": 40})

    def test_a_domain_far_above_its_usual(self, memory_limiter: Limiter) -> None:
        usual = {"case": {"17": 20.0}, "domain": {"gmx.de": 2.0}}
        section = Section(_limits(memory_limiter), usual)
        found = [_checks(section.arrive(email=f"{_word(number)}@gmx.de")) for number in range(100)]
        assert found[50] == {}
        # All that came is of it, so it is above its share.
        assert found[-1] == {"rate_domain": 10}

    def test_the_next_hour_begins_anew(self, section: Section) -> None:
        for _ in range(60):
            found = section.arrive(ip="203.0.113.4")
        assert found
        section.now += timedelta(hours=1)
        assert section.arrive(ip="203.0.113.4") == []


@pytest.mark.parametrize("check", sorted(rates.NEVER_ALONE))
def test_whatever_the_weights_these_never_hold_alone(check: str, section: Section) -> None:
    scoring = {**DEFAULT_SCORING, **dict.fromkeys(rates.NEVER_ALONE, 500)}
    finding = rates._weighed(check, 2, {"count": 9}, scoring)
    assert finding.score == HOLD_AT - 1


def _judge(**changed: Any) -> Any:
    facts: dict[str, Any] = {
        "config_scoring": DEFAULT_SCORING, "form_age": FormAge("ok", 1.0, too_fast=True), "honeypot_filled": False,
        "captcha_outcome": CaptchaOutcome("pass"), "first_name": "Ann", "last_name": "Lee",
        "address": parse_address("ann@yopmail.com"),
    }  # fmt: skip
    return judge(**(facts | changed))


def test_the_verdict_takes_further_findings_in() -> None:
    verdict = _judge(address=None, further=[Finding("rate_network", 50, detail={"count": 80, "usual": 45})])
    assert (verdict.score, verdict.hold) == (70, True)
    assert json.loads(json.dumps(verdict.reasons_json()))[-1] == {
        "check": "rate_network", "score": 50, "hold": False, "detail": {"count": 80, "usual": 45},
    }  # fmt: skip


def test_whom_a_rule_allows_is_asked_the_least() -> None:
    assert _judge(trusted=True).findings == ()
    assert _judge(trusted=True, honeypot_filled=True).score
    assert _judge(trusted=True, captcha_outcome=CaptchaOutcome("missing")).hold
