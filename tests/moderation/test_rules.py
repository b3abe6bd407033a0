"""Block and allow lists: what they match, in which order, and what cannot be a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.services.moderation.rules import RuleEntry, RuleFault, RuleSet, normalise, parse_network
from flask_w4r.services.people.addresses import parse_address
from flask_w4r.services.people.networks import network_tiers

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def entry(kind: str, value: str, effect: str = "block", number: int = 1, **more: Any) -> RuleEntry:
    return RuleEntry(number, effect, kind, value, value.encode(), **more)


def ask(rules: RuleSet, host: str = "198.51.100.7", email: str | None = "ann@example.org", **more: Any) -> str | None:
    address = parse_address(email) if email else None
    values = {"day_secrets": {}, "country": None, "now": NOW, **more}
    found = rules.ask(tiers=network_tiers(host), address=address, **values)
    return f"{found.effect} {found.kind} {found.rule_id}" if found else None


def rule_set(*entries: RuleEntry) -> RuleSet:
    return RuleSet(entries)


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [
        ("198.51.100.0/24", "198.51.100.255", "198.51.101.0"),
        ("198.51.100.8/29", "198.51.100.15", "198.51.100.16"),
        ("198.48.0.0/13", "198.55.255.255", "198.56.0.0"),
        ("198.51.100.7", "198.51.100.7", "198.51.100.8"),
        ("2001:db8:1::/48", "2001:db8:1:ffff::1", "2001:db8:2::1"),
        ("2001:db8:1:2:3::/80", "2001:db8:1:2:3::9", "2001:db8:1:2:4::9"),
        ("::ffff:198.51.100.0/120", "198.51.100.1", "198.51.101.1"),
        ("198.51.100.0/24", "::ffff:198.51.100.1", "::ffff:198.51.101.1"),
    ],
)
def test_networks_of_any_length(value: str, inside: str, outside: str) -> None:
    rules = rule_set(entry("network", normalise("network", value)))
    assert ask(rules, inside) == "block network 1"
    assert ask(rules, outside) is None
    assert ask(rules, "unix:") is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 32), st.integers(0, 2**32 - 1))
def test_a_network_matches_what_is_in_it(first: int, length: int, client: int) -> None:
    from ipaddress import IPv4Address

    network = parse_network(f"{IPv4Address(first)}/{length}")
    rules = rule_set(entry("network", str(network)))
    assert (ask(rules, str(IPv4Address(client))) is not None) == (IPv4Address(client) in network)


def test_domains_and_addresses() -> None:
    rules = rule_set(
        entry("domain", "*.bad.example", number=1), entry("domain", "worse.example", number=2),
        entry("address", "eve@gmail.com", number=3), entry("domain", "ma?l.example", number=4),
    )  # fmt: skip
    found = {
        email: ask(rules, email=email)
        for email in ("a@mx.bad.example", "a@bad.example", "a@WORSE.example", "a@x.worse.example",
                      "E.v.e+news@googlemail.com", "a@mail.example", "a@mal.example")
    }  # fmt: skip
    assert found == {
        "a@mx.bad.example": "block domain 1",
        "a@bad.example": None,
        "a@WORSE.example": "block domain 2",
        "a@x.worse.example": None,
        "E.v.e+news@googlemail.com": "block address 3",
        "a@mail.example": "block domain 4",
        "a@mal.example": None,
    }


def test_block_is_asked_before_allow_whichever_is_narrower() -> None:
    rules = rule_set(entry("address", "ann@example.org", "allow", 1), entry("network", "198.51.0.0/16", "block", 2))
    assert ask(rules) == "block network 2"
    assert ask(rules, "203.0.113.1") == "allow address 1"


def test_countries_and_rules_that_ended() -> None:
    rules = rule_set(entry("country", "NZ"), entry("domain", "example.org", number=2, expires_at=NOW))
    assert rules.asks_country
    assert ask(rules, country="nz") == "block country 1"
    assert ask(rules, country="AU") is None
    assert ask(rules, now=NOW - timedelta(seconds=1)) == "block domain 2"


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("network", "198.51.100", "network"), ("network", "0.0.0.0/0", "too_wide"), ("network", "::/0", "too_wide"),
        ("network", "::ffff:0:0/96", "too_wide"), ("network", " ", "empty"), ("domain", "*", "too_wide"),
        ("domain", "*.*", "too_wide"), ("domain", "a b.org", "domain"), ("domain", "[a-z].org", "domain"),
        ("domain", "x" * 254, "domain"), ("address", "nobody", "address"), ("country", "ZZZ", "country"),
        ("country", "QQ", "country"), ("seen_network", "2026-11-20/host/00", "seen_network"),
        ("seen_network", f"2026-11-20/town/{'00' * 32}", "seen_network"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(kind: str, value: str, key: str) -> None:
    with pytest.raises(RuleFault) as caught:
        normalise(kind, value)
    assert caught.value.key == key


@given(st.sampled_from(["network", "seen_network", "domain", "address", "country"]), st.text(max_size=80))
def test_any_text_is_read_or_refused_and_reads_the_same_again(kind: str, text: str) -> None:
    try:
        value = normalise(kind, text)
    except RuleFault:
        return
    assert normalise(kind, value) == value
    rule_set(entry(kind, value))
