"""One form, several cases, one mail."""

from __future__ import annotations

import pytest

from flask_w4r.testing import make_campaign, run_jobs, submit, supporter
from tests.conftest import Host, MakeHost, every_database

from .helpers import PREFIX, column, dump, link, mail_and_press, people, tally, typed_in

SLUGS = ("ann-example", "bo-example", "cy-example", "di-example")


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    host = make_host(captcha="none")
    make_campaign(host.app, SLUGS)
    return host


@every_database
def test_several_cases_at_once(host: Host) -> None:
    client = host.app.test_client()
    page = client.get(f"{PREFIX}/sign?cases=bo-example")
    assert typed_in(page)["cases"] == ["bo-example"]
    chosen = ["cy-example", "ann-example", "bo-example", "ann-example", "nobody", "<script>"]
    answer = submit(client, page, "form_token", **supporter(), cases=chosen)
    assert (answer.status_code, answer.location) == (303, f"{PREFIX}/sign/thanks")
    assert client.get(answer.location).status_code == 200
    assert len(column(host, "id")) == 3
    run_jobs(host.app)
    assert len(host.mailer.messages) == 1
    before = dump(host)
    confirm = client.get(link(host))
    for name in ("Ann Example", "Bo Example", "Cy Example"):
        assert name in confirm.text
    assert "Di Example" not in confirm.text
    assert dump(host) == before, "a GET changes nothing"
    assert "Your signature is confirmed" in submit(client, confirm, "form_token").text
    assert [tally(host, slug) for slug in SLUGS] == [1, 1, 1, 0]
    assert people(host) == 1
    # In another browser, which has proved nothing.
    client = host.app.test_client()
    again = submit(
        client, client.get(f"{PREFIX}/sign"), "form_token", **supporter(), cases=["di-example", "bo-example"]
    )
    assert again.status_code == 303
    assert "Your signature is confirmed" in mail_and_press(host).text
    assert len(host.mailer.messages) == 2
    assert [tally(host, slug) for slug in SLUGS] == [1, 1, 1, 1]
    assert people(host) == 1
    host.run("w4r", "tally", "recount")


def test_closed_cases_are_left_out(host: Host) -> None:
    client = host.app.test_client()
    page = client.get(f"{PREFIX}/sign")
    host.run("w4r", "case", "status", "ann-example", "closed")
    host.run("w4r", "case", "status", "bo-example", "withdrawn")
    answer = submit(client, page, "form_token", **supporter(), cases=["ann-example", "bo-example"])
    assert answer.status_code == 422
    assert "The people you chose cannot be signed for at the moment" in answer.text
    assert "Bo Example" not in answer.text
    assert typed_in(answer)["first_name"] == ["Sam"]
    assert submit(client, answer, "form_token", cases=["ann-example", "cy-example"]).status_code == 303
    assert len(column(host, "id")) == 1


def test_none_chosen(host: Host) -> None:
    client = host.app.test_client()
    answer = submit(client, client.get(f"{PREFIX}/sign"), "form_token", **supporter())
    assert answer.status_code == 422
    assert '<a href="#cases">Choose at least one person to sign for' in answer.text
    assert 'id="cases"' in answer.text
    assert typed_in(answer)["email"] == ["sam1@example.org"]
    assert not column(host, "id")


def test_what_was_chosen_is_kept(host: Host) -> None:
    client = host.app.test_client()
    typed = {**supporter(), "email": "not an address", "cases": ["bo-example", "di-example"]}
    answer = submit(client, client.get(f"{PREFIX}/sign"), "form_token", **typed)
    assert answer.status_code == 422
    assert typed_in(answer)["cases"] == ["bo-example", "di-example"]


def test_before_anything_was_imported(make_host: MakeHost) -> None:
    client = make_host(captcha="none").app.test_client()
    page = client.get(f"{PREFIX}/sign")
    assert page.status_code == 200
    assert "There are no cases to sign" in page.text
    assert client.post(f"{PREFIX}/sign", data=supporter()).status_code == 422
    assert client.get(f"{PREFIX}/sign/thanks").status_code == 404
