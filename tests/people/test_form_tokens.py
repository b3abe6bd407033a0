"""The form's tokens: nothing typed is ever lost to them, and nothing gets past them."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r.testing import form_fields, make_campaign, sign, submit, supporter
from tests.conftest import Host, MakeHost
from tests.petitions.helpers import (
    CASE,
    PREFIX,
    SLUG,
    MovingClock,
    clocked,
    column,
    mail_and_press,
    reasons,
    sign_with_script,
    tally,
    typed_in,
)

TYPED = {
    "first_name": "Zoë <b>&amp;",
    "last_name": '"Quote"',
    "email": "zoe@example.org",
    "phone": "0400 1",
    "postcode": "2000",
    "newsletter": "no",
    "withhold_name": "y",
    "consent": "y",
}


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def timed(make_host: MakeHost, clock: MovingClock) -> Host:
    """A host on a clock that the test moves; forms younger than 3 s score."""
    w4r, mailer = clocked(clock)
    host = make_host(w4r=w4r, captcha="none", form_min_seconds=3)
    host.mailer = mailer
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


def test_two_presses_without_scripts(make_host: MakeHost) -> None:
    """From the case page, which has no token, to a signature that counts: held, and released by the mailbox proof."""
    host = make_host(captcha="altcha")
    make_campaign(host.app)
    client = host.app.test_client()
    case_page = client.get(CASE)
    assert "Set-Cookie" not in case_page.headers
    first = submit(client, case_page, "form_token", **TYPED)
    assert first.status_code == 422
    assert "Almost done" in first.text
    assert "There is a problem" not in first.text
    assert typed_in(first) == {name: [value] for name, value in TYPED.items()}
    assert not column(host, "id")
    second = submit(client, first, "form_token")
    assert (second.status_code, second.location) == (303, f"{CASE}/thanks")
    assert (column(host, "captcha"), reasons(host)) == (["missing"], {"captcha_missing"})
    assert column(host, "held_at") != [None]
    done = mail_and_press(host)
    assert "Your signature is confirmed" in done.text
    assert column(host, "held_at") == [None]
    assert tally(host) == 1
    host.run("w4r", "tally", "recount")


def test_what_else_speaks_against_it_keeps_it_held(make_host: MakeHost) -> None:
    host = make_host(captcha="altcha")
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, PREFIX, SLUG, last_name="www.pills.example").status_code == 303
    assert reasons(host) == {"captcha_missing", "name_link"}
    assert "Your signature is confirmed" in mail_and_press(host).text, "the answer tells nothing"
    assert column(host, "state") == ["confirmed"]
    assert column(host, "held_at") != [None]
    assert tally(host) == 0
    host.run("w4r", "tally", "recount")


def test_a_form_left_open_comes_back_filled(timed: Host, clock: MovingClock) -> None:
    client = timed.app.test_client()
    page = client.get(f"{CASE}/sign")
    clock.move(hours=12, seconds=1)
    late = submit(client, page, "form_token", **TYPED)
    assert late.status_code == 422
    assert "open for a long time" in late.text
    assert typed_in(late) == {name: [value] for name, value in TYPED.items()}
    assert form_fields(late, "form_token")[1]["form_token"] != form_fields(page, "form_token")[1]["form_token"]
    clock.move(seconds=5)
    assert submit(client, late, "form_token").status_code == 303
    assert column(timed, "score") == [0]


def test_the_last_second_still_counts(timed: Host, clock: MovingClock) -> None:
    client = timed.app.test_client()
    page = client.get(f"{CASE}/sign")
    clock.move(hours=12)
    assert submit(client, page, "form_token", **TYPED).status_code == 303


def test_too_fast_only_scores(timed: Host, clock: MovingClock) -> None:
    client = timed.app.test_client()
    page = client.get(f"{CASE}/sign")
    clock.move(seconds=2.9)
    assert submit(client, page, "form_token", **supporter()).status_code == 303
    assert (column(timed, "score"), reasons(timed), column(timed, "held_at")) == ([20], {"too_fast"}, [None])
    page = client.get(f"{CASE}/sign")
    clock.move(seconds=3)
    assert submit(client, page, "form_token", **supporter(2)).status_code == 303
    assert column(timed, "score") == [20, 0]


def test_a_token_serves_one_form_only(make_host: MakeHost, clock: MovingClock) -> None:
    sections = [{"preset": "AU", "url_prefix": PREFIX}, {"preset": "MA", "url_prefix": "/ma"}]
    host = make_host(captcha="none", sections=sections)
    make_campaign(host.app, (SLUG, "bo-example"))
    client = host.app.test_client()
    own = form_fields(client.get(f"{CASE}/sign"), "form_token")[1]
    for place in (f"{PREFIX}/cases/bo-example/sign", f"/ma/cases/{SLUG}/sign", f"{PREFIX}/sign"):
        answer = client.post(place, data={**own, **supporter(), "cases": SLUG})
        assert answer.status_code == 422, place
        assert typed_in(answer)["email"] == ["sam1@example.org"]
    elsewhere = form_fields(client.get(f"/ma/fr/cases/{SLUG}/sign"), "form_token")[1]
    answer = client.post(f"/ma/cases/{SLUG}/sign", data={**elsewhere, **supporter()})
    assert answer.status_code == 303, "another language is the same form"
    assert client.post(f"{CASE}/sign", data={**own, **supporter()}).status_code == 303
    assert len(column(host, "id")) == 2


@pytest.mark.parametrize("value", ["", "\0", "é", "." * 300, "0." * 90, "a" * 10_000, "1.2.3"])
def test_garbage_in_a_token_is_no_token(timed: Host, value: str) -> None:
    client = timed.app.test_client()
    page = client.get(f"{CASE}/sign")
    assert submit(client, page, "form_token", **supporter(), form_token=value).status_code == 422
    assert not column(timed, "id")


def answer_of(response: Any) -> tuple[Any, ...]:
    return response.status_code, response.location, response.text


@pytest.mark.parametrize("captcha", ["none", "altcha"])
def test_whose_password_manager_filled_the_honeypot_is_counted(
    make_host: MakeHost, clock: MovingClock, captcha: str
) -> None:
    """Sent within a second too, as such a program does, and without scripts: the proof of the mailbox makes up for it."""
    w4r, mailer = clocked(clock)
    host = make_host(w4r=w4r, captcha=captcha, form_min_seconds=3)
    host.mailer = mailer
    make_campaign(host.app)
    client = host.app.test_client()
    honest, filled = client.get(f"{CASE}/sign"), client.get(f"{CASE}/sign")
    first = submit(client, honest, "form_token", **supporter(1))
    second = submit(client, filled, "form_token", **supporter(2), website="https://pills.example")
    assert answer_of(first) == answer_of(second)
    assert {"honeypot", "too_fast"} <= reasons(host)
    clock.move(seconds=8)
    assert "Your signature is confirmed" in mail_and_press(host).text
    assert column(host, "held_at")[1] is None
    assert tally(host) == 1
    host.run("w4r", "tally", "recount")


def test_the_honeypot_adds_to_what_else_speaks_against_it(timed: Host) -> None:
    client = timed.app.test_client()
    typed = supporter(last_name="www.pills.example", website="https://pills.example")
    assert sign(client, PREFIX, SLUG, **typed).status_code == 303
    assert "Your signature is confirmed" in mail_and_press(timed).text
    assert column(timed, "held_at") != [None]
    assert tally(timed) == 0


def test_the_script_gets_its_tokens_on_the_same_origin_only(timed: Host) -> None:
    client = timed.app.test_client()
    url = f"{CASE}/sign/token"
    assert client.get(url, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get(url, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403
    assert client.get(url, headers={"Origin": "https://evil.example"}).status_code == 403
    found = client.get(url, headers={"Origin": "http://localhost"})
    assert found.headers["Cache-Control"] == "private, no-store"
    assert set(found.get_json()) == {"csrf_token", "form_token", "captcha"}
    assert sign_with_script(client).status_code == 303
