"""Block and allow lists at the desk: what they do to signatures, across midnight too, and how all are answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.config_defaults import DEFAULT_SCORING
from flask_w4r.services.moderation import settings as desk_settings
from flask_w4r.services.moderation.rules import MOST_HASHES, RuleFault, hashes_of_cidr, parse_network
from flask_w4r.services.people.networks import network_hashes, network_tiers, tier_hash
from flask_w4r.services.privacy.retention import purge
from flask_w4r.services.storage.unit_of_work import read
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import MovingClock, column, mail_and_press, tally

from .conftest import Staff, check_permission, load_actor

SLUG, RULES = "ann-example", "/au/moderation/rules"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def site(make_host: MakeHost, clock: MovingClock, w4r: W4R | None = None, **config: Any) -> Host:
    mailer = RecordingMailer()
    made = W4R(mailer=mailer, clock=clock, actor_loader=load_actor, permission_check=check_permission)
    made.country_lookup(lambda remote: {"203.0.113.9": "NZ"}.get(remote))
    host = make_host(w4r=made, captcha="none", **config)
    host.mailer = mailer
    make_campaign(host.app)
    return host


def staff(host: Host, may: str = "decide,view_queue") -> Staff:
    return Staff(host.app.test_client(), "mo", may, None)


def add(host: Host, kind: str, value: str, effect: str = "block", **more: Any) -> Any:
    data = {"kind": kind, "value": value, "effect": effect, **more}
    return staff(host).post(RULES, data, page=RULES)


def held(host: Host) -> list[bool]:
    return [value is not None for value in column(host, "held_at")]


def sign_from(host: Host, address: str, number: int, **typed: Any) -> Any:
    client = host.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return sign(client, "/au", SLUG, **{**supporter(number), **typed})


@every_database
def test_a_blocked_network_is_held_and_answered_like_any_other(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    assert add(host, "network", "198.51.100.0/25", note="Flood of Friday").status_code == 303
    blocked, free = sign_from(host, "198.51.100.7", 1), sign_from(host, "198.51.100.200", 2)
    assert (blocked.status_code, blocked.headers["Location"]) == (free.status_code, free.headers["Location"])
    assert held(host) == [True, False]
    assert column(host, "held_for") == ["rule_network", None]
    run_jobs(host.app)
    assert len(host.mailer.messages) == 2, "a blocked network learns nothing from its mail either"
    mail_and_press(host)
    assert tally(host) == 1
    page = staff(host).get(RULES)
    assert "198.51.100.0/25" in page.text
    assert "Flood of Friday" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    stored = json.dumps([list(map(str, row)) for row in host.rows("SELECT * FROM w4r_rule")])
    assert "198.51" not in stored
    assert "Flood" not in stored


@every_database
def test_rules_come_and_go_with_the_log(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    assert add(host, "domain", "*.Example.ORG").status_code == 303
    again = add(host, "domain", "*.example.org.", note="kept")
    assert again.status_code == 422
    assert "There is already a rule for this" in again.text
    assert 'value="kept"' in again.text, "what was typed is kept"
    number = host.rows("SELECT id FROM w4r_rule")[0][0]
    assert staff(host).post(f"{RULES}/{number}/delete", page=RULES).status_code == 303
    assert staff(host).post(f"{RULES}/{number}/delete", page=RULES).status_code == 404
    log = host.rows("SELECT action, subject, actor_id, changes FROM w4r_audit ORDER BY seq")
    assert [tuple(row[:3]) for row in log] == [
        ("rule_added", f"rule:{number}", "mo"),
        ("rule_deleted", f"rule:{number}", "mo"),
    ]
    assert "example" not in str(log)


def test_a_blocked_address_gets_no_mail_until_it_is_let_go(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    add(host, "address", "Sam1+petition@gmail.com")
    assert sign_from(host, "198.51.100.7", 1, email="s.a.m.1@googlemail.com").status_code == 303
    run_jobs(host.app)
    assert host.mailer.messages == []
    assert held(host) == [True]
    number = host.rows("SELECT id FROM w4r_rule")[0][0]
    staff(host).post(f"{RULES}/{number}/delete", page=RULES)
    assert host.rows("SELECT * FROM w4r_suppression") == []


def test_an_allowed_network_is_passed_over_but_not_the_trap(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock, rate_limits={"sign_host": "1/minute", "hold_host": "1/hour"})
    add(host, "network", "198.51.100.0/24", "allow")
    for number in range(4):
        assert sign_from(host, "198.51.100.7", number).status_code == 303
    assert sign_from(host, "198.51.100.7", 8, email="sam@mailinator.com").status_code == 303
    assert sign_from(host, "198.51.100.7", 9, website="http://spam.example").status_code == 303
    assert held(host) == [False] * 6
    assert column(host, "score") == [0] * 5 + [DEFAULT_SCORING["honeypot"]]
    assert [sign_from(host, "203.0.113.1", 20 + number).status_code for number in range(2)] == [303, 429]


def test_an_allowed_domain_lifts_holds_and_no_limit(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock, rate_limits={"sign_host": "2/minute"})
    add(host, "domain", "mailinator.com", "allow")
    answers = [sign_from(host, "198.51.100.7", number, email=f"sam{number}@mailinator.com") for number in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429], "anybody could type that domain"
    assert held(host) == [False, False]


def test_countries_are_asked_of_the_host(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    add(host, "country", "nz")
    sign_from(host, "203.0.113.9", 1)
    sign_from(host, "203.0.113.8", 2)
    assert held(host) == [True, False]


def test_a_lookup_that_fails_keeps_nobody_out(make_host: MakeHost, clock: MovingClock) -> None:
    def broken(remote: str) -> str:
        raise OSError("no database of countries")

    made = W4R(mailer=RecordingMailer(), clock=clock, actor_loader=load_actor, permission_check=check_permission)
    made.country_lookup(broken)
    host = make_host(w4r=made, captcha="none")
    make_campaign(host.app)
    add(host, "country", "NZ")
    assert sign_from(host, "203.0.113.9", 1).status_code == 303
    assert held(host) == [False]


@every_database
def test_a_network_seen_at_the_desk_stays_blocked_across_midnight(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    sign_from(host, "198.51.100.7", 1)
    day, site_hash = host.rows("SELECT net_day, net_site FROM w4r_signature")[0]
    seen = f"{day}/site/{bytes(site_hash).hex()}"
    assert seen in staff(host).get(f"{RULES}?net={seen}").text
    assert add(host, "seen_network", seen).status_code == 303
    assert add(host, "seen_network", seen.replace(str(day), "2026-01-01")).status_code == 422, "that day's key is gone"
    for days, number in ((0, 2), (1, 3), (12, 4)):
        clock.move(days=days)
        sign_from(host, "198.51.100.99", number)
        sign_from(host, "198.51.101.99", number + 10)
    assert held(host) == [False, True, False, True, False, True, False]
    clock.move(days=1)
    purge(host.app)
    clock.move(seconds=3)
    sign_from(host, "198.51.100.99", 30)
    assert held(host)[-1] is False, "with the key of that day goes the rule"
    assert host.rows("SELECT * FROM w4r_rule") == []


def test_a_rule_that_ended_is_swept_away(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    add(host, "address", "sam@example.org", days="1")
    add(host, "domain", "example.net")
    clock.move(days=1, seconds=1)
    purge(host.app)
    assert len(host.rows("SELECT * FROM w4r_rule")) == 1
    assert host.rows("SELECT * FROM w4r_suppression") == []


@pytest.mark.parametrize(
    ("cidr", "tier", "count"),
    [
        ("198.51.100.4/30", "host", 4), ("198.51.100.0/22", "site", 4), ("198.48.0.0/13", "block", 8),
        ("198.51.100.0/24", "site", 1), ("2001:db8::/46", "block", 4), ("2001:db8:0:4::/62", "site", 4),
        ("2001:db8::7", "host", 1),
    ],
)  # fmt: skip
def test_hashes_of_a_network(make_host: MakeHost, clock: MovingClock, cidr: str, tier: str, count: int) -> None:
    host = site(make_host, clock)
    sign_from(host, "203.0.113.1", 1)
    state = get_state(host.app)
    found = read(host.app, lambda session: hashes_of_cidr(session, state.keyring, cidr))
    secret = next(iter(read(host.app, lambda session: _secrets(session, state.keyring)).values()))
    first = network_tiers(str(parse_network(cidr).network_address))
    assert len({digest for _, _, digest in found}) == count
    assert {(day, name) for day, name, _ in found} == {(date(2026, 11, 20), tier)}
    assert found[0][2] == tier_hash(secret, tier, getattr(first, tier))
    assert found[0][2] in network_hashes(secret, first)


def _secrets(session: Any, keyring: Any) -> Any:
    from flask_w4r.services.moderation.rules import day_secrets

    return day_secrets(session, keyring)


@pytest.mark.parametrize("cidr", ["198.0.0.0/3", "2001:db8::/32", "2001:db8:1:2:3::/100"])
def test_a_network_of_too_many_hashes_is_refused(host: Host, cidr: str) -> None:
    state = get_state(host.app)
    with pytest.raises(RuleFault, match="too_wide"):
        read(host.app, lambda session: hashes_of_cidr(session, state.keyring, cidr))
    assert MOST_HASHES == 4096


def test_who_may_not_decide_changes_nothing(make_host: MakeHost, clock: MovingClock) -> None:
    host = site(make_host, clock)
    for who in (staff(host, may="view_queue,invalidate"), Staff(host.app.test_client(), "mo", "decide", "NZ")):
        assert who.get(RULES).status_code == 403
        for path in (RULES, f"{RULES}/1/delete", "/au/moderation/limits", "/au/moderation/lockdown"):
            assert who.client.post(path, data={"level": "closed"}, headers=who.headers).status_code == 403
    assert staff(host).client.post(RULES, headers=staff(host).headers).status_code == 422, "no token"
    assert host.rows("SELECT * FROM w4r_audit") == []


def test_settings_cost_no_statement_on_most_requests(
    make_host: MakeHost, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = site(make_host, clock)
    add(host, "domain", "example.net")
    asked: list[int] = []
    load: Callable[..., Any] = desk_settings.load

    def counted(*args: Any) -> Any:
        asked.append(1)
        return load(*args)

    monkeypatch.setattr(desk_settings, "load", counted)
    for number in range(5):
        sign_from(host, "198.51.100.7", number)
    assert len(asked) == 1
    clock.move(seconds=2)
    sign_from(host, "198.51.100.7", 9)
    assert len(asked) == 2
