"""Lockdown and live limits: one click at one worker, and every worker follows within moments."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.state import get_state
from flask_w4r.testing import RecordingMailer, make_campaign, run_jobs, sign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.petitions.helpers import MovingClock, column, mail_and_press, press, sign_with_script, tally
from tests.services import REDIS, need

from .conftest import Staff, check_permission, load_actor

SLUG, OTHER = "ann-example", "bo-example"
CASE, RULES = f"/au/cases/{SLUG}", "/au/moderation/rules"
LIMITS, LOCKDOWN = "/au/moderation/limits", "/au/moderation/lockdown"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def workers(make_host: MakeHost, clock: MovingClock, count: int = 2, **config: Any) -> list[Host]:
    """So many processes of one site: one database, one set of keys, and nothing else in common."""
    shared = {"encryption_keys": [generate_key()], "index_key": generate_key(), "captcha": "none", **config}
    hosts = []
    for number in range(count):
        mailer = RecordingMailer()
        w4r = W4R(mailer=mailer, clock=clock, actor_loader=load_actor, permission_check=check_permission)
        host = make_host(w4r=w4r, upgrade=not number, **shared)
        host.mailer = mailer
        hosts.append(host)
    make_campaign(hosts[0].app, (SLUG, OTHER))
    return hosts


def press_level(host: Host, level: str, **more: str) -> Any:
    staff = Staff(host.app.test_client(), "mo", "decide", None)
    return staff.post(LOCKDOWN, {"level": level, **more}, page=RULES)


def set_limits(host: Host, **limits: str) -> Any:
    staff = Staff(host.app.test_client(), "mo", "decide", None)
    return staff.post(LIMITS, limits, page=RULES)


def sign_on(host: Host, number: int, slug: str = SLUG, remote: str = "198.51.100.7", **typed: Any) -> Any:
    client = host.app.test_client()
    client.environ_base["REMOTE_ADDR"] = remote
    return sign(client, "/au", slug, **supporter(number, email=f"{secrets.token_hex(2)}@firm{number}.example"))


def awake(*hosts: Host) -> None:
    """Have every worker read the settings, so that it has something to be out of date with."""
    for host in hosts:
        assert host.app.test_client().get(CASE).status_code == 200


def held_for(host: Host) -> list[str | None]:
    return column(host, "held_for")


# ------------------------------------------------------------------------------------------------- Closed


@every_database
def test_closed_at_one_worker_closes_the_other(make_host: MakeHost, clock: MovingClock) -> None:
    one, two = workers(make_host, clock)
    assert sign_on(two, 1).status_code == 303
    form = two.app.test_client().get(f"{CASE}/sign")
    assert form.status_code == 200
    assert press_level(one, "closed").status_code == 303
    assert "Signing is paused" in one.app.test_client().get(CASE).text, "the worker that was told follows at once"
    clock.move(seconds=2)
    page = two.app.test_client().get(CASE)
    assert "Signing is paused for a short time" in page.text
    assert "form_token" not in page.text
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "public, max-age=3"
    assert "Sign for all" not in two.app.test_client().get("/au/").text
    for path in (f"{CASE}/sign", "/au/sign"):
        for answer in (two.app.test_client().get(path), two.app.test_client().post(path, data=supporter(2))):
            assert answer.status_code == 503
            assert "Signing is paused" in answer.text
            assert int(answer.headers["Retry-After"]) > 60
            assert answer.headers["Cache-Control"] == "private, no-store"
    for path in (f"{CASE}/sign/token", "/au/sign/token"):
        assert two.app.test_client().get(path).status_code == 503
    assert len(column(two, "id")) == 1

    assert "Your signature is confirmed" in mail_and_press(one).text, "who signed before can still confirm"
    assert press_level(two, "normal").status_code == 303
    clock.move(seconds=2)
    assert sign_on(one, 3).status_code == 303
    assert tally(one) == 1
    log = one.rows("SELECT action, subject, changes FROM w4r_audit ORDER BY seq")
    assert [tuple(row[:2]) for row in log] == [("lockdown_set", "section:AU")] * 2


def test_one_case_alone(make_host: MakeHost, clock: MovingClock) -> None:
    one, two = workers(make_host, clock)
    awake(one, two)
    answer = press_level(one, "closed", case=OTHER, back="moderation")
    assert answer.headers["Location"].endswith(f"/moderation/?case={OTHER}")
    clock.move(seconds=2)
    client = two.app.test_client()
    assert sign_on(two, 1).status_code == 303
    assert client.post(f"/au/cases/{OTHER}/sign").status_code == 503
    assert "Signing is paused" in client.get(f"/au/cases/{OTHER}").text
    assert "Signing is paused" not in client.get(CASE).text
    several = client.get("/au/sign")
    assert f'value="{SLUG}"' in several.text
    assert f'value="{OTHER}"' not in several.text
    assert press_level(one, "closed", case="nobody").status_code == 404
    assert press_level(one, "shut").status_code == 422
    assert press_level(one, "closed", case=OTHER).status_code == 303
    assert len(one.rows("SELECT * FROM w4r_audit")) == 1, "what changes nothing is not logged"


# ----------------------------------------------------------------------------------------------- Cautious


def test_cautious_asks_everybody_for_the_captcha(make_host: MakeHost, clock: MovingClock) -> None:
    one, two = workers(make_host, clock)
    awake(one, two)
    press_level(one, "cautious")
    clock.move(seconds=2)
    client = two.app.test_client()
    answer = sign_with_script(client, **supporter(1))
    assert answer.status_code == 303
    assert sign_on(two, 2).status_code == 303, "who comes without it is taken like anybody"
    assert column(two, "captcha") == ["pass", "missing"]
    run_jobs(two.app)
    for number in range(2):
        link = two.mailer.links("/confirm/", number)[0].removeprefix("http://localhost")
        assert press(two.app.test_client(), link).status_code == 200
    assert column(two, "state") == ["confirmed", "confirmed"]
    assert [value is not None for value in column(two, "held_at")] == [False, True], "the mailbox does not release it"
    assert tally(two) == 1


def test_cautious_for_a_case_holds_in_the_form_for_several(make_host: MakeHost, clock: MovingClock) -> None:
    (one,) = workers(make_host, clock, 1)
    press_level(one, "cautious", case=OTHER)
    for number, chosen in enumerate([[SLUG], [SLUG, OTHER]]):
        page = one.app.test_client()
        from flask_w4r.testing import submit

        form = page.get("/au/sign")
        assert submit(page, form, "form_token", **supporter(number), cases=chosen).status_code == 303
    assert column(one, "captcha") == ["off", "missing", "missing"]


def test_cautious_gives_networks_a_third(make_host: MakeHost, clock: MovingClock) -> None:
    (one,) = workers(make_host, clock, 1, rate_limits={"sign_host": "6/hour"})
    press_level(one, "cautious", case=OTHER)
    answers = [sign_on(one, number, OTHER).status_code for number in range(3)]
    assert answers == [303, 303, 429]
    assert [sign_on(one, number).status_code for number in range(10, 13)] == [303] * 3, "the other case is not guarded"


# -------------------------------------------------------------------------------------------- Live limits


@every_database
def test_a_limit_set_at_one_worker_holds_at_the_other(make_host: MakeHost, clock: MovingClock) -> None:
    one, two = workers(make_host, clock)
    awake(one, two)
    assert set_limits(one, sign_host="2/hour", sign_site="").status_code == 303
    clock.move(seconds=2)
    assert [sign_on(two, number).status_code for number in range(3)] == [303, 303, 429]
    assert 'value="2/hour"' in Staff(two.app.test_client(), "mo", "decide", None).get(RULES).text
    assert set_limits(one, sign_host="").status_code == 303, "empty goes back to the configured one"
    clock.move(seconds=2)
    assert sign_on(two, 9).status_code == 303
    log = one.rows("SELECT action, subject, changes FROM w4r_audit ORDER BY seq")
    assert [tuple(row[:2]) for row in log] == [("limits_set", "section:AU")] * 2
    assert "2/hour" in str(log[0][2])
    assert one.rows("SELECT * FROM w4r_live_limit") == []


def test_above_a_silent_limit_signatures_are_held_and_answered_alike(make_host: MakeHost, clock: MovingClock) -> None:
    one, two = workers(make_host, clock)
    awake(one, two)
    set_limits(one, hold_case="3/hour", case=SLUG)
    clock.move(seconds=2)
    answers = [sign_on(two, number, remote=f"198.51.{number}.1") for number in range(5)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, f"{CASE}/thanks")}
    assert held_for(two) == [None, None, None, "rate_case", "rate_case"]
    assert sign_on(two, 9, OTHER).status_code == 303
    assert held_for(two)[-1] is None, "each case has its own"


def test_silent_limits_of_a_network_are_each_cases_own(make_host: MakeHost, clock: MovingClock) -> None:
    (one,) = workers(make_host, clock, 1)
    set_limits(one, hold_host="2/minute; 4/hour")
    for number in range(3):
        sign_on(one, number)
    assert held_for(one) == [None, None, "rate_network"]
    sign_on(one, 4, OTHER)
    sign_on(one, 5, remote="203.0.113.1")
    clock.move(minutes=1)
    sign_on(one, 6)
    sign_on(one, 7)
    assert held_for(one)[3:] == [None, None, None, "rate_network"], "bursts and what goes on are both seen"


def test_a_class_behind_one_address_stays_below_the_silent_limits(make_host: MakeHost, clock: MovingClock) -> None:
    (one,) = workers(make_host, clock, 1)
    for number in range(38):
        assert sign_on(one, number).status_code == 303
    assert set(held_for(one)) == {None}


def test_pressing_twice_counts_once(make_host: MakeHost, clock: MovingClock) -> None:
    (one,) = workers(make_host, clock, 1)
    set_limits(one, hold_host="1/hour")
    for _ in range(3):
        sign(one.app.test_client(), "/au", SLUG, **supporter(1))
    assert held_for(one) == [None]


@pytest.mark.parametrize(
    "limits",
    [
        {"sign_host": "lots"}, {"sign_host": "0/minute"}, {"hold_case": "5/fortnight"}, {"sign_host": "1/minute;" * 20},
        {"sign_host": "5/minute", "hold_case": "x"}, {"sign_host": "5/minute", "case": SLUG}, {},
        {"hold_case": "1/year"},
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_used_changes_nothing(
    make_host: MakeHost, clock: MovingClock, limits: dict[str, str]
) -> None:
    (one,) = workers(make_host, clock, 1)
    answer = set_limits(one, **limits)
    assert answer.status_code == 422
    for value in limits.values():
        assert value.strip() in answer.text or limits.get("case"), "what was typed is kept"
    assert one.rows("SELECT * FROM w4r_live_limit") == []
    assert one.rows("SELECT * FROM w4r_audit") == []


def test_limits_with_redis(make_host: MakeHost, clock: MovingClock) -> None:
    need("redis")
    prefix = f"w4r-limits-{secrets.token_hex(6)}"
    one, two = workers(make_host, clock, RATELIMIT_STORAGE_URI=REDIS, RATELIMIT_KEY_PREFIX=prefix)
    try:
        awake(one, two)
        set_limits(one, hold_host="2/hour")
        clock.move(seconds=2)
        for number, host in enumerate([one, two, one, two]):
            assert sign_on(host, number).status_code == 303
        assert held_for(one) == [None, None, "rate_network", "rate_network"], "counted over all workers"
    finally:
        get_state(one.app).lazy["limits"]()._limiter.storage.reset()
