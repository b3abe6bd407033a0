"""When something is away or goes wrong: a page that says so, in the host's layout, and a log that names nobody."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from flask_w4r import W4R, Actor
from flask_w4r.testing import form_fields, make_campaign, sign, supporter
from tests.conftest import Host, MakeHost, every_database
from tests.embedding.conftest import AU, MA, MakeSite, clear_pages, host_layout, own_pages, production, signatures

PAGES = ("/au/", "/au/cases/ann-example", "/au/cases/ann-example/sign", "/au/sign", "/au/impact", "/au/tally.json",
         "/au/cases/ann-example/thanks", "/au/confirm/abc", "/au/not-me/abc")  # fmt: skip
SECRET = "canary@example.org"


@pytest.fixture
def host(make_site: MakeSite) -> Host:
    made = make_site(before=own_pages, layout="host.html", public_layout="host.html", templates=host_layout())
    make_campaign(made.app)
    return made


def take_away(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database refuse connections, as a server that restarts does."""
    state = host.app.extensions["w4r"]
    for name in ("engines", "pages"):
        state.lazy.pop(name, None)

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("SELECT secret", {"email": SECRET}, Exception(f"refused {SECRET}"))

    with host.app.app_context():
        monkeypatch.setattr(host.db.engine.pool, "connect", refuse)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("mode", ["testing", "production"])
def test_the_database_is_away(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str, mode: str
) -> None:
    if mode == "production":
        host.app.testing = False
        host.app.config["RATELIMIT_STORAGE_URI"] = "redis://127.0.0.1:6379/9"
    take_away(host, monkeypatch)
    client = host.app.test_client()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "The host's own header" in answer.text
    assert "Traceback" not in answer.text
    assert SECRET not in caplog.text
    assert "OperationalError" in caplog.text
    assert client.get("/own").status_code == 200


def test_the_database_goes_away_under_a_post(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = host.app.test_client()
    _, fields = form_fields(client.get("/au/cases/ann-example/sign"), "form_token")
    take_away(host, monkeypatch)
    typed = {**fields, **supporter(email=SECRET)}
    assert client.post("/au/cases/ann-example/sign", data=typed).status_code == 503
    assert SECRET not in caplog.text
    monkeypatch.undo()
    host.app.extensions["w4r"].lazy.pop("engines", None)
    assert client.post("/au/cases/ann-example/sign", data=typed).status_code == 303, "and once it is back"


@every_database
def test_tables_that_are_missing(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    client = make_site(upgrade=False).app.test_client()
    for path in ("/au/", "/au/sign", "/au/cases/ann-example"):
        assert client.get(path).status_code == 503
    assert client.get("/au/healthz").get_json()["migrations"] == "absent"
    assert "SELECT" not in caplog.text


@pytest.mark.parametrize("database", ["postgresql", "mariadb"], indirect=True)
def test_a_server_that_cannot_be_reached(make_site: MakeSite, database: str, caplog: pytest.LogCaptureFixture) -> None:
    host, _, rest = database.partition("127.0.0.1")
    made = make_site(f"{host}127.0.0.1:1{rest}", upgrade=False)
    answer = made.app.test_client().get("/au/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    health = made.app.test_client().get("/au/healthz")
    assert (health.status_code, health.get_json()["database"]) == (503, "away")
    assert "Traceback" not in caplog.text


def test_another_fault_of_the_database_says_nothing_either(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from flask_w4r.blueprints.campaign import pages as campaign

    def fail(*args: Any) -> Any:
        raise IntegrityError("INSERT", {"email": SECRET}, Exception(f"Key (email)=({SECRET}) exists"))

    monkeypatch.setattr(campaign, "read", fail)
    answer = host.app.test_client().get("/au/")
    assert answer.status_code == 500
    assert "The host's own header" in answer.text
    assert SECRET not in caplog.text + answer.text
    assert "IntegrityError at w4r_au.campaign" in caplog.text


@every_database
def test_parameters_are_in_no_error_of_our_engine(make_site: MakeSite) -> None:
    host = make_site()
    for engine in host.app.extensions["w4r"].engines(host.app):
        with pytest.raises(Exception, match="hide_parameters") as caught, engine.connect() as connection:
            connection.execute(text("SELECT * FROM no_such_table WHERE x = :secret"), {"secret": SECRET})
        assert SECRET not in str(caught.value)
    with host.app.app_context():
        assert host.db.engine.hide_parameters is False, "the host's own engine is left as it is"


def test_statements_in_the_log_have_no_parameters(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy.engine"):
        sign(host.app.test_client(), "/au", "ann-example", email=SECRET, last_name="Canarybird")
    assert SECRET not in caplog.text
    assert "Canarybird" not in caplog.text
    assert signatures(host) == 1


def test_a_layout_that_needs_the_database_too(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def menu(app: Flask) -> None:
        @app.context_processor
        def pages() -> dict[str, Any]:
            with host.db.engine.connect() as connection:
                return {"menu": connection.execute(text("SELECT 1")).scalar()}

    host = make_site(after=menu)
    make_campaign(host.app)
    assert host.app.test_client().get("/au/").status_code == 200
    clear_pages(host)
    take_away(host, monkeypatch)
    answer = host.app.test_client().get("/au/")
    assert answer.status_code == 503
    assert "Please try again in a few minutes" in answer.text
    assert 'lang="en-AU"' in answer.text
    assert SECRET not in caplog.text


def test_too_much_is_refused_before_it_is_read(host: Host) -> None:
    client = host.app.test_client()
    _, fields = form_fields(client.get("/au/cases/ann-example/sign"), "form_token")
    for data in ({**fields, **supporter(first_name="x" * 70_000)}, {f"f{number}": "x" * 60 for number in range(1500)}):
        answer = client.post("/au/cases/ann-example/sign", data=data)
        assert answer.status_code == 413
        assert "larger than this form accepts" in answer.text
        assert "The host's own header" in answer.text
    answer = client.post(
        "/au/sign", data={**{f"f{number}": "x" for number in range(300)}}, content_type="multipart/form-data"
    )
    assert answer.status_code == 413
    assert signatures(host) == 0
    assert client.post("/own", data={"text": "x" * 70_000}).status_code == 200, "the host's limits are its own"


@pytest.mark.parametrize("path", ["/au/cases/nobody", "/au/confirm/nothing", "/au/editions/1900/"])
def test_what_is_not_there(host: Host, path: str) -> None:
    answer = host.app.test_client().get(path)
    assert answer.status_code == 404
    assert "The host's own header" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    answer = host.app.test_client().get("/au/cases/nobody", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()) == (404, {"error": 404})


def test_an_address_under_our_prefix_that_is_nobodys_is_the_hosts(make_site: MakeSite) -> None:
    def pages(app: Flask) -> None:
        app.register_error_handler(404, lambda error: ("The host's own 404", 404))

    host = make_site(before=pages)
    assert host.app.test_client().get("/au/none/such").text == "The host's own 404"
    assert "Page not found" in host.app.test_client().get("/au/cases/nobody").text


@pytest.mark.parametrize("name", ["localhost:99999999", "a b", "[::1", "évil.example"])
def test_a_strange_host_name_is_no_error(make_site: MakeSite, name: str) -> None:
    host = make_site(section={**AU, "host": "au.example.org"}, TRUSTED_HOSTS=["au.example.org"])
    answer = host.app.test_client().get("/au/", environ_overrides={"HTTP_HOST": name})
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("hook", ["actor_loader", "permission_check"])
def test_a_desk_with_one_hook_only_stops_our_pages(
    make_site: MakeSite, caplog: pytest.LogCaptureFixture, hook: str
) -> None:
    hooks: dict[str, Any] = {"actor_loader": lambda: Actor("7", "Mo"), "permission_check": lambda *asked: True}
    w4r = W4R(mailer=lambda message: None, **{hook: hooks[hook]})
    host = make_site(w4r=w4r, before=own_pages)
    client = host.app.test_client()
    for _ in range(3):
        assert client.get("/au/").status_code == 503
    assert caplog.text.count("moderation needs both @w4r.actor_loader and @w4r.permission_check") == 1
    assert client.get("/own").status_code == 200
    assert host.app.test_cli_runner().invoke(args=["w4r", "doctor"]).exit_code == 1
    other = make_site(w4r=w4r, features=["petitions", "tally", "impact"])
    assert other.app.test_client().get("/au/").status_code == 200


def test_hooks_may_come_by_decorator(make_site: MakeSite) -> None:
    w4r = W4R(mailer=lambda message: None)
    w4r.actor_loader(lambda: Actor("7", "Mo"))
    w4r.permission_check(lambda actor, permission, section: section.code == "MA")
    host = make_site(w4r=w4r, sections=[AU, MA])
    assert host.app.test_client().get("/ma/moderation/").status_code == 200
    assert host.app.test_client().get("/au/moderation/").status_code == 403


def test_production_with_all_it_needs(make_site: MakeSite) -> None:
    host = make_site(**production(), before=own_pages)
    make_campaign(host.app)
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_pool_that_is_empty(make_site: MakeSite, database: str) -> None:
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1}
    host = make_site(SQLALCHEMY_ENGINE_OPTIONS=options)
    make_campaign(host.app)
    client = host.app.test_client()
    with host.engine.connect():
        answer = client.get("/au/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert client.get("/au/").status_code == 200
    create_engine(database, poolclass=NullPool).dispose()


def test_an_unforeseen_error_tells_no_token(
    make_host: MakeHost, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host()
    assert host.app.test_client().get("/au/").status_code == 200
    host.app.testing = False

    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr("flask_w4r.services.petitions.confirming.look", broken)
    answer = host.app.test_client().get("/au/confirm/secret-token-of-a-mail")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in caplog.text, "the kind of error is logged"
    assert "in broken" in caplog.text, "and where it came from"
    assert "secret-token" not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("path", ["/au/nowhere", "/au/cases/%00", "/au/editions/%00/", "/au/moderation/nowhere"])
def test_what_is_not_there_is_said_in_our_words(host: Host, path: str) -> None:
    answer = host.app.test_client().get(path)
    assert answer.status_code == 404
    assert "w4r-message" in answer.text


def test_urls_without_their_slash_are_sent_on(host: Host) -> None:
    client = host.app.test_client()
    for path in ("/au", "/au/editions/2026", "/au/moderation"):
        assert client.get(path).status_code == 308, path
