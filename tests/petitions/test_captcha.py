"""Captchas over HTTP: a solution counts once and for its own form, and a service that is away loses nobody."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from flask_w4r.antiabuse.hcaptcha_provider import HCaptchaProvider
from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, supporter
from tests.antiabuse.servers import FakeHCaptcha
from tests.conftest import Host, MakeHost, every_database

from .helpers import (
    CASE,
    PREFIX,
    SLUG,
    column,
    link,
    mail_and_press,
    press,
    reasons,
    sign_with_script,
    solve,
    tally,
    typed_in,
)


@pytest.fixture
def altcha_host(make_host: MakeHost) -> Host:
    host = make_host(captcha="altcha")
    make_campaign(host.app, (SLUG, "bo-example"))
    return host


def challenge(host: Host, path: str = f"{CASE}/sign/token") -> dict[str, Any]:
    found: dict[str, Any] = host.app.test_client().get(path).get_json()["captcha"]["challenge"]
    return found


@every_database
def test_a_solution_counts_once(altcha_host: Host) -> None:
    client = altcha_host.app.test_client()
    solution = solve(challenge(altcha_host))
    assert sign_with_script(client, solution=solution).status_code == 303
    assert (column(altcha_host, "captcha"), column(altcha_host, "held_at")) == (["pass"], [None])
    # The answer is the same; a solution that was used before counts as none.
    assert sign_with_script(client, solution=solution, **supporter(2)).status_code == 303
    assert column(altcha_host, "captcha") == ["pass", "missing"]
    assert [moment is None for moment in column(altcha_host, "held_at")] == [True, False]
    run_jobs(altcha_host.app)
    for number in range(2):
        assert "Your signature is confirmed" in press(client, link(altcha_host, number=number)).text
    assert column(altcha_host, "held_at") == [None, None], "the proof of the mailbox makes up for it"
    assert tally(altcha_host) == 2


@every_database
def test_one_solution_in_two_forms_of_a_batch_is_good_for_the_first(altcha_host: Host) -> None:
    client = altcha_host.app.test_client()
    tokens = client.get(f"{CASE}/sign/token", headers={"Sec-Fetch-Site": "same-origin"}).get_json()
    hidden = {"form_token": tokens["form_token"]}
    solution = solve(tokens["captcha"]["challenge"])
    for number in range(3):
        data = {**hidden, "altcha": solution, **supporter(number)}
        assert client.post(f"{CASE}/sign", data=data).status_code == 303
    assert column(altcha_host, "captcha") == ["pass", "missing", "missing"]
    assert altcha_host.rows("SELECT count(*) FROM w4r_spent_proof")[0][0] == 1


def test_a_solution_that_was_refused_is_not_used_up(altcha_host: Host) -> None:
    """A slip in the form must not cost the work: only what is written uses a solution up."""
    client = altcha_host.app.test_client()
    solution = solve(challenge(altcha_host))
    assert sign_with_script(client, solution=solution, email="").status_code == 422
    assert sign_with_script(client, solution=solution).status_code == 303
    assert column(altcha_host, "captcha") == ["pass"]


@pytest.mark.parametrize("path", [f"{PREFIX}/cases/bo-example/sign/token", f"{PREFIX}/sign/token"])
def test_a_solution_for_another_form(altcha_host: Host, path: str) -> None:
    client = altcha_host.app.test_client()
    answer = sign_with_script(client, solution=solve(challenge(altcha_host, path)))
    assert answer.status_code == 422
    assert not column(altcha_host, "id")


def tampered(solution: str, how: str) -> str:
    payload = json.loads(base64.b64decode(solution))
    if how == "cheaper":
        payload["challenge"]["parameters"] |= {"keyPrefix": "", "cost": 1}
    elif how == "longer":
        payload["challenge"]["parameters"]["expiresAt"] = 9_999_999_999
    elif how == "guessed":
        beginning = payload["challenge"]["parameters"]["keyPrefix"]
        payload["solution"] |= {"derivedKey": beginning.ljust(64, "0")}
    else:
        return how
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.mark.parametrize("how", ["cheaper", "longer", "guessed", "garbage", "e30=", "x" * 5000])
def test_a_solution_that_was_tampered_with(altcha_host: Host, how: str) -> None:
    client = altcha_host.app.test_client()
    answer = sign_with_script(client, solution=tampered(solve(challenge(altcha_host)), how))
    assert answer.status_code == 422
    assert typed_in(answer)["first_name"] == ["Sam"]
    assert not column(altcha_host, "id")


@pytest.fixture(scope="module")
def hcaptcha() -> Iterator[FakeHCaptcha]:
    server = FakeHCaptcha()
    yield server
    server.close()


def hcaptcha_host(make_host: MakeHost, url: str) -> Host:
    host = make_host(
        captcha="hcaptcha", hcaptcha_site_key="site", hcaptcha_secret_key="secret", hcaptcha_verify_url=url
    )
    make_campaign(host.app)
    return host


def sign_timed(host: Host) -> tuple[Any, float]:
    client = host.app.test_client()
    page = form_fields(client.get(f"{CASE}/sign"), "form_token")[1]
    began = time.monotonic()
    answer = client.post(f"{CASE}/sign", data={**page, **supporter(), "h-captcha-response": "token"})
    return answer, time.monotonic() - began


def test_hcaptcha_says_yes(make_host: MakeHost, hcaptcha: FakeHCaptcha) -> None:
    host = hcaptcha_host(make_host, hcaptcha.url("/success"))
    answer, _ = sign_timed(host)
    assert answer.status_code == 303
    assert (column(host, "captcha"), column(host, "held_at")) == (["pass"], [None])
    assert set(hcaptcha.requests[-1]) == {"secret", "response"}, "no address of the visitor leaves"
    assert "Your signature is confirmed" in mail_and_press(host).text
    assert tally(host) == 1


@pytest.mark.parametrize("path", ["/false", "/codes", "/codes-text"])
def test_hcaptcha_says_no(make_host: MakeHost, hcaptcha: FakeHCaptcha, path: str) -> None:
    host = hcaptcha_host(make_host, hcaptcha.url(path))
    answer, seconds = sign_timed(host)
    assert answer.status_code == 422
    assert typed_in(answer)["email"] == ["sam1@example.org"]
    assert not column(host, "id")
    assert run_jobs(host.app)["mail"]["sent"] == 0
    assert tally(host) == 0
    assert seconds < 5


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    "path", ["/hang", "/drip", "/html", "/empty", "/error", "/broken", "/text-true", "/codes-null", "refused"]
)
def test_hcaptcha_is_away(
    make_host: MakeHost, hcaptcha: FakeHCaptcha, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing counts by the captcha's word; the signature is held and mailed, and the mailbox makes up for it."""
    if path == "/drip":
        # How long a site waits is seen with the one that hangs.
        monkeypatch.setitem(HCaptchaProvider.__init__.__kwdefaults__, "timeout", 0.6)
    url = f"http://127.0.0.1:{unused_port()}/" if path == "refused" else hcaptcha.url(path)
    host = hcaptcha_host(make_host, url)
    answer, seconds = sign_timed(host)
    assert seconds < 5
    assert (answer.status_code, answer.location) == (303, f"{CASE}/thanks")
    assert (column(host, "captcha"), reasons(host)) == (["unavailable"], {"captcha_unavailable"})
    assert column(host, "held_at") != [None]
    assert tally(host) == 0
    assert "Your signature is confirmed" in mail_and_press(host).text
    assert tally(host) == 1


def test_without_scripts_hcaptcha_is_not_asked(make_host: MakeHost, hcaptcha: FakeHCaptcha) -> None:
    host = hcaptcha_host(make_host, hcaptcha.url("/success"))
    asked = len(hcaptcha.requests)
    assert sign(host.app.test_client(), PREFIX, SLUG).status_code == 303
    assert len(hcaptcha.requests) == asked
    assert column(host, "captcha") == ["missing"]
    assert column(host, "held_at") != [None]
