"""A host's layout around our pages: what may be kept by caches, and what may not because a visitor is in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, Response, session
from flask_login import LoginManager, UserMixin, login_user

from flask_w4r.testing import make_campaign, run_jobs, sign, submit
from tests.conftest import Host, MakeHost
from tests.embedding.conftest import MakeSite, host_layout, own_pages

PUBLIC = ("/au/", "/au/cases/ann-example", "/au/impact", "/au/tally.json", "/au/cases/ann-example/tally.json",
          "/au/cases/ann-example/thanks", "/au/editions/2026/")  # fmt: skip


class User(UserMixin):  # type: ignore[misc]
    id = "7"
    name = "Mo Derator"


def logins(app: Flask) -> None:
    manager = LoginManager(app)
    manager.user_loader(lambda number: User())

    @app.route("/login")
    def login() -> str:
        session.permanent = True
        login_user(User())
        return "in"


def site(make_site: MakeSite, mark: str = "", **kwargs: Any) -> Host:
    kwargs = {"layout": "host.html", "public_layout": "host.html", "templates": host_layout(mark), **kwargs}
    host = make_site(**kwargs)
    make_campaign(host.app)
    return host


def assert_for_all(answer: Any) -> None:
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert answer.headers["ETag"]
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def assert_private(answer: Any) -> None:
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_host_with_logins_keeps_pages_for_all(make_site: MakeSite, path: str, when: str) -> None:
    """Flask-Login looks at the session after each request, and Flask renews a permanent session's cookie."""
    host = site(make_site, **{when: logins})
    staff, visitor = host.app.test_client(), host.app.test_client()
    staff.get("/login")
    answers = [client.get(path) for client in (visitor, staff, visitor)]
    for answer in answers:
        assert answer.status_code == 200
        assert_for_all(answer)
    assert len({answer.data for answer in answers}) == 1
    assert "no-store" in staff.get("/au/sign").headers["Cache-Control"]
    again = staff.get(path, headers={"If-None-Match": answers[0].headers["ETag"]})
    assert again.status_code == 304
    assert_for_all(again)


def test_a_layout_that_shows_the_visitor_is_private(make_site: MakeSite) -> None:
    host = site(make_site, "{{ current_user.name|default('') }}", before=logins)
    staff, visitor = host.app.test_client(), host.app.test_client()
    staff.get("/login")
    for _ in range(2):
        page = staff.get("/au/cases/ann-example")
        assert "Mo Derator" in page.text
        assert_private(page)
        page = visitor.get("/au/cases/ann-example")
        assert "Mo Derator" not in page.text
        assert_private(page)
    report = host.run("w4r", "doctor").output
    assert "the layout of public pages uses the session" in report


def test_a_host_that_looks_at_the_visitor_first_is_private(make_site: MakeSite) -> None:
    def hooks(app: Flask) -> None:
        @app.before_request
        def greet() -> None:
            session.get("name")

    host = site(make_site, after=hooks)
    assert_private(host.app.test_client().get("/au/"))


def test_the_doctor_is_content_with_a_plain_layout(make_site: MakeSite) -> None:
    host = site(make_site, before=logins)
    assert "touches the session" not in host.run("w4r", "doctor").output


def test_only_the_layout_of_forms_shows_the_visitor(make_site: MakeSite) -> None:
    templates = {"form.html": host_layout("{{ current_user.name|default('') }}")["host.html"], **host_layout()}
    host = site(make_site, before=logins, layout="form.html", templates=templates)
    staff = host.app.test_client()
    staff.get("/login")
    assert_for_all(staff.get("/au/cases/ann-example"))
    assert "Mo Derator" in staff.get("/au/cases/ann-example/sign").text


@pytest.mark.parametrize("kind", ["session", "cookie"])
def test_a_hook_that_marks_the_visitor_makes_it_private(make_site: MakeSite, kind: str) -> None:
    def hooks(app: Flask) -> None:
        @app.after_request
        def mark(response: Response) -> Response:
            if kind == "session":
                session["seen"] = True
            else:
                response.set_cookie("visitor", "1")
            return response

    host = site(make_site, after=hooks)
    answer = host.app.test_client().get("/au/")
    assert_private(answer)
    assert "Set-Cookie" in answer.headers, "and the host's cookie is not lost"


def test_the_hosts_header_and_blocks(make_site: MakeSite) -> None:
    host = site(make_site)
    client = host.app.test_client()
    for path in (*PUBLIC[:3], "/au/sign", "/au/cases/nobody"):
        text = client.get(path).text
        assert "The host's own header" in text
        assert "css/w4r.css?v=" in text
        assert text.count("<main") == 1


@pytest.mark.parametrize("name", ["Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"])
@pytest.mark.parametrize("how", ["set", "setdefault", "add"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_headers_are_ours_only_where_the_host_sends_none(make_site: MakeSite, name: str, how: str, when: str) -> None:
    def hooks(app: Flask) -> None:
        own_pages(app)

        @app.after_request
        def protect(response: Response) -> Response:
            getattr(response.headers, how)(name, "of the host")
            return response

    host = site(make_site, **{when: hooks})
    client = host.app.test_client()
    for path in ("/au/", "/au/sign", "/au/cases/nobody", "/own"):
        assert client.get(path).headers.getlist(name) == ["of the host"]


FRAMED, STRICT = "frame-ancestors 'none'; base-uri 'self'; form-action 'self'", "default-src 'none'"


@pytest.mark.parametrize(
    ("csp", "framed", "plain"), [("auto", FRAMED, STRICT), ("strict", STRICT, STRICT), ("off", None, None)]
)
def test_our_policy_where_the_host_has_none(
    make_site: MakeSite, csp: str, framed: str | None, plain: str | None
) -> None:
    """Ours must not break what a host's layout brings: fonts, icons, scripts of its own."""
    host = site(make_site, before=own_pages, csp=csp)
    client = host.app.test_client()
    for path in ("/au/", "/au/", "/au/sign", "/au/cases/nobody", "/au/tally.json", "/own"):
        wanted = plain if path.endswith("json") else None if path == "/own" else framed
        policy = client.get(path).headers.get("Content-Security-Policy", "")
        assert policy.startswith(wanted) if wanted else not policy, path
        assert "unsafe" not in policy


def test_our_policy_with_our_own_layout(make_site: MakeSite) -> None:
    host = site(make_site, layout=None, public_layout=None)
    client = host.app.test_client()
    for path in ("/au/", "/au/sign", "/au/cases/nobody", "/au/tally.json"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.startswith(STRICT)
        assert "unsafe" not in policy
    merged = "; ".join(f"{key} {' '.join(values)}" for key, values in host.w4r.csp("AU", host.app).items())
    assert merged == policy


@pytest.mark.parametrize(
    ("sent", "lacks"),
    [
        (None, []),
        ("default-src 'self'", []),
        ("script-src 'self' https://cdn.example.org; style-src https://cdn.example.org", ["style-src 'self'"]),
        ("default-src https:; img-src *", ["script-src 'self'", "style-src 'self'", "connect-src 'self'"]),
    ],
)
def test_the_doctor_says_what_a_policy_of_the_host_must_allow(
    make_site: MakeSite, sent: str | None, lacks: list[str]
) -> None:
    def hooks(app: Flask) -> None:
        @app.after_request
        def protect(response: Response) -> Response:
            if sent:
                response.headers["Content-Security-Policy"] = sent
            return response

    report = site(make_site, after=hooks).run("w4r", "doctor").output
    assert "script-src 'self'; style-src 'self'; img-src 'self'" in report
    assert ("does not name" in report) == bool(lacks)
    for lack in lacks:
        assert f"does not name {lack}, which our parts need" in report


def test_features_that_are_left_out_leave_no_links(make_site: MakeSite) -> None:
    host = site(make_site, features=["petitions"])
    client = host.app.test_client()
    for path in ("/au/", "/au/cases/ann-example", "/au/cases/ann-example/sign", "/au/cases/ann-example/thanks"):
        assert client.get(path).status_code == 200
    for path in ("/au/impact", "/au/tally.json", "/au/moderation/"):
        assert client.get(path).status_code == 404
    host.run("w4r", "case", "status", "ann-example", "closed")


def test_without_petitions_the_site_still_tells_the_stories(make_site: MakeSite) -> None:
    host = make_site(features=["impact", "tally"])
    make_campaign(host.app)
    client = host.app.test_client()
    for path in ("/au/", "/au/cases/ann-example", "/au/impact", "/au/cases/nobody"):
        assert client.get(path).status_code == (404 if "nobody" in path else 200)
    assert "<form" not in client.get("/au/cases/ann-example").text
    assert client.get("/au/cases/ann-example/sign").status_code == 404


def test_what_is_kept_around_a_secret_page_changes_nothing(
    make_host: MakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host(captcha="none")
    make_campaign(host.app, ["ann-example", "ben-example"])
    client = host.app.test_client()
    sign(client, "/au", "ann-example")
    run_jobs(host.app)
    link = host.mailer.links("/confirm/")[0].removeprefix("http://localhost")

    def pages() -> list[str]:
        found = [client.get(one).text for one in (link, f"{link}x", link.replace("confirm", "not-me"))]
        return [re.sub(r'(name="form_token"[^>]* value=)"[^"]+"', r"\1", page) for page in found]

    for title in ("Confirm your signature", "Your signature is confirmed"):
        kept = [pages(), pages()]
        with monkeypatch.context() as patch:
            patch.setattr("flask_w4r.web.templating.in_shell", lambda *given: None)
            assert kept == [pages()] * 2
        assert f"<title>{title}" in kept[0][0] and "noindex" in kept[0][0]
        asked = client.get(link)
        if "form_token" in asked.text:
            submit(client, asked)
