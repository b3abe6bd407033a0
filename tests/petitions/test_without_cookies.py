"""A browser that refuses every cookie signs, confirms and takes back like any other; where a cookie is needed, it is told."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host, MakeHost

from .helpers import CASE, PREFIX, SLUG, column, link, mail_and_press, press, sign_with_script, tally


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    made = make_host(captcha="altcha")
    make_campaign(made.app, (SLUG, "bo-example", "cy-example"))
    return made


@pytest.fixture
def client(host: Host) -> FlaskClient:
    return host.app.test_client(use_cookies=False)


def test_sign_and_confirm_without_scripts(host: Host, client: FlaskClient) -> None:
    first = submit(client, client.get(CASE), "form_token", **supporter())
    assert (first.status_code, "Almost done" in first.text) == (422, True)
    again = submit(client, first, "form_token")
    assert (again.status_code, again.location) == (303, f"{CASE}/thanks"), "two presses are enough"
    run_jobs(host.app)
    assert "Your signature is confirmed" in press(client, link(host)).text
    assert tally(host) == 1
    assert "has been removed" in press(client, link(host, "/not-me/")).text
    assert tally(host) == 0


def test_sign_with_scripts(host: Host, client: FlaskClient) -> None:
    assert sign_with_script(client).status_code == 303
    assert column(host, "captcha") == ["pass"]


def test_sign_several(host: Host, client: FlaskClient) -> None:
    page = client.get(f"{PREFIX}/sign")
    assert submit(client, page, "form_token", **supporter(cases=[SLUG, "bo-example"])).status_code == 303
    assert len(column(host, "id")) == 2


def test_no_page_for_supporters_begins_a_session(host: Host) -> None:
    """The one cookie is the proof of a mailbox, for whoever takes it."""
    client = host.app.test_client()
    answers = [
        client.get(path) for path in (f"{CASE}/sign", f"{CASE}/sign/token", f"{PREFIX}/sign", f"{PREFIX}/events/new")
    ]
    answers += [
        client.post(f"{CASE}/sign", data=supporter()),
        sign(client, PREFIX, SLUG),
        client.get(f"{PREFIX}/host/lost"),
    ]
    assert not any("Set-Cookie" in answer.headers for answer in answers)
    mail_and_press(host)
    assert client.get_cookie("session") is None


def test_the_other_cases_are_signed_by_hand(host: Host, client: FlaskClient) -> None:
    """The page that confirmed offers them with the details that were given: only to a browser that proves who it is."""
    sign(client, PREFIX, SLUG)
    run_jobs(host.app)
    page = press(client, link(host))
    back = submit(client, page, "link", cases=["bo-example"], consent="y")
    assert (back.status_code, "if your browser accepts cookies" in back.text) == (422, True)
    assert supporter()["email"] not in back.text
    fields = form_fields(back, "form_token")[1]
    assert (fields["cases"], fields["consent"]) == (["bo-example"], ["y"])
    done = submit(client, back, "form_token", **supporter())
    assert done.status_code == 303
    assert len(column(host, "id")) == 2


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_presses_no_button_behind_a_link(host: Host, client: FlaskClient, site: str) -> None:
    sign(client, PREFIX, SLUG)
    run_jobs(host.app)
    path = link(host)
    _, fields = form_fields(client.get(path), "form_token")
    answer = client.post(path, data=fields, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 422
    assert column(host, "state") == ["pending"]
    assert "Your signature is confirmed" in submit(client, answer, "form_token").text
