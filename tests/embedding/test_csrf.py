"""A host with a global CSRFProtect, before us, after us, or none: our own check stands, and so does the host's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, get_flashed_messages, render_template_string
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

from flask_w4r.testing import form_fields, make_campaign, run_jobs, sign, submit, supporter
from tests.conftest import Host
from tests.embedding.conftest import AU, MA, MakeSite, own_pages, signatures

Setup = Callable[[Flask], Any]
FORM = "/au/cases/ann-example/sign"


@pytest.fixture(params=["before", "after", "absent"])
def host(request: pytest.FixtureRequest, make_site: MakeSite) -> Host:
    def setup(app: Flask) -> None:
        own_pages(app)
        if request.param != "absent":
            CSRFProtect(app)
            app.add_url_rule("/token", "token", generate_csrf)

    made = make_site(**{"before" if request.param == "before" else "after": setup})
    make_campaign(made.app)
    return made


def test_the_whole_way(host: Host) -> None:
    client = host.app.test_client()
    assert sign(client, "/au", "ann-example").status_code == 303
    run_jobs(host.app)
    page = client.get(host.mailer.links("/confirm/")[0].removeprefix("http://localhost"))
    assert "Your signature is confirmed" in submit(client, page).text


def test_a_post_without_a_token_keeps_what_was_typed(host: Host) -> None:
    client = host.app.test_client()
    answer = client.post(FORM, data=supporter(7))
    assert answer.status_code == 422, "never the host's 400"
    _, fields = form_fields(answer, "form_token")
    assert fields["email"] == ["sam7@example.org"]
    assert signatures(host) == 0
    assert submit(client, answer, "form_token").status_code == 303, "one more press"
    assert signatures(host) == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_signs_nothing_with_a_token_that_it_fetched(host: Host, site: str) -> None:
    _, fields = form_fields(host.app.test_client().get(FORM), "form_token")
    victim = host.app.test_client()
    answer = victim.post(FORM, data={**fields, **supporter()}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 422
    assert signatures(host) == 0
    assert submit(victim, answer, "form_token").status_code == 303, "the visitor's own press is one"


def test_the_hosts_own_forms_stay_protected(host: Host) -> None:
    client = host.app.test_client()
    if "csrf" not in host.app.extensions:
        assert client.post("/own").text == "own POST"
        return
    sign(client, "/au", "ann-example")
    assert client.post("/own").status_code == 400
    token = client.get("/token").text
    assert client.post("/own", data={"csrf_token": token}).text == "own POST"
    _, fields = form_fields(client.get(FORM), "form_token")
    assert client.post("/own", data={"csrf_token": fields["form_token"]}).status_code == 400, "ours is not theirs"


def test_the_hosts_token_does_not_pass_for_ours(host: Host) -> None:
    client = host.app.test_client()
    token = client.get("/token").text if "csrf" in host.app.extensions else "x"
    assert client.post(FORM, data={**supporter(), "form_token": token}).status_code == 422
    assert signatures(host) == 0


def test_every_mount_is_exempt(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA], before=CSRFProtect)
    make_campaign(host.app)
    for prefix in ("/au", "/ma", "/ma/fr"):
        assert sign(host.app.test_client(), prefix, "ann-example").status_code == 303
    assert signatures(host) == 2, "one address, two sections"


def test_ours_holds_where_the_hosts_is_switched_off(make_site: MakeSite) -> None:
    host = make_site(before=CSRFProtect, WTF_CSRF_ENABLED=False)
    make_campaign(host.app)
    assert host.app.test_client().post(FORM, data=supporter()).status_code == 422
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303


def test_the_hosts_flashed_words_are_left_for_its_own_pages(make_site: MakeSite) -> None:
    def pages(app: Flask) -> None:
        @app.route("/flash")
        def flash_words() -> str:
            from flask import flash

            flash("Saved.")
            return "ok"

        @app.route("/shown")
        def shown() -> str:
            return render_template_string("{{ words }}", words=get_flashed_messages())

    host = make_site(before=pages)
    make_campaign(host.app)
    client = host.app.test_client()
    client.get("/flash")
    client.get("/au/")
    client.get(FORM)
    assert "Saved." in client.get("/shown").text
