"""Several hosts, databases and sections in one process; none sees another."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R, ConfigurationError
from flask_w4r.testing import RecordingMailer, form_fields, make_campaign, run_jobs, sign, submit
from tests.conftest import every_database
from tests.embedding.conftest import AU, MA, MakeSite, own_pages, settings


def test_two_apps_with_two_databases_share_one_object(make_site: MakeSite, tmp_path: Path) -> None:
    w4r = W4R(mailer=RecordingMailer())
    one = make_site(f"sqlite:///{tmp_path / 'one.sqlite3'}", w4r=w4r)
    two = make_site(f"sqlite:///{tmp_path / 'two.sqlite3'}", w4r=w4r, section=MA)
    make_campaign(one.app, ["ann-example"])
    make_campaign(two.app, ["bob-example"])
    assert sign(one.app.test_client(), "/au", "ann-example").status_code == 303
    assert [tuple(row) for row in one.rows("SELECT section, count(*) FROM w4r_signature GROUP BY section")] == [
        ("AU", 1)
    ]
    assert two.rows("SELECT * FROM w4r_signature") == []
    assert one.app.test_client().get("/au/cases/bob-example").status_code == 404
    assert two.app.test_client().get("/ma/cases/bob-example").status_code == 200
    assert one.app.extensions["w4r"] is not two.app.extensions["w4r"]


def test_one_database_and_two_apps(make_site: MakeSite) -> None:
    one, two = make_site(section=AU), make_site(section=MA)
    make_campaign(one.app, ["ann-example"])
    make_campaign(two.app, ["bob-example"])
    assert one.app.test_client().get("/au/cases/bob-example").status_code == 404
    assert two.app.test_client().get("/ma/cases/ann-example").status_code == 404
    assert sorted(row[0] for row in one.rows("SELECT section FROM w4r_case")) == ["AU", "MA"]
    sign(one.app.test_client(), "/au", "ann-example")
    sign(two.app.test_client(), "/ma", "bob-example")
    assert sorted(row[0] for row in two.rows("SELECT section FROM w4r_signature")) == ["AU", "MA"]


def test_two_sections_by_prefix(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA])
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    assert 'lang="en-AU"' in client.get("/au/").text
    assert 'lang="ar-MA" dir="rtl"' in client.get("/ma/").text
    assert 'lang="fr-MA"' in client.get("/ma/fr/").text
    sign(client, "/ma", "ann-example")
    tallies = [client.get(f"{prefix}/cases/ann-example/tally.json").get_json() for prefix in ("/au", "/ma")]
    assert [row[0] for row in host.rows("SELECT section FROM w4r_signature")] == ["MA"]
    assert [tally["case"] for tally in tallies] == ["ann-example"] * 2


def test_a_token_of_one_section_is_not_one_of_another(make_site: MakeSite) -> None:
    host = make_site(sections=[AU, MA])
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    _, fields = form_fields(client.get("/au/cases/ann-example/sign"), "form_token")
    answer = client.post(
        "/ma/cases/ann-example/sign",
        data={**fields, "first_name": "A", "last_name": "B", "email": "a@example.org", "consent": "y"},
    )
    assert answer.status_code == 422
    assert host.rows("SELECT * FROM w4r_signature") == []


@pytest.mark.parametrize("matching", [False, True])
def test_two_sections_by_host_name(make_site: MakeSite, matching: bool) -> None:
    tables = [
        {"preset": "AU", "url_prefix": "/act", "host": "au.example.org"},
        {"preset": "MA", "url_prefix": "/act", "host": "MA.example.org"},
    ]
    flask = {"host_matching": True, "static_host": "www.example.org"} if matching else {}
    host = make_site(sections=tables, flask=flask)
    make_campaign(host.app, ["ann-example"])
    client = host.app.test_client()
    for base in ("http://au.example.org", "http://au.example.org:8080", "http://AU.EXAMPLE.ORG"):
        page = client.get("/act/cases/ann-example", base_url=base)
        assert page.status_code == 200
        assert 'lang="en-AU"' in page.text
    page = client.get("/act/cases/ann-example", base_url="http://ma.example.org")
    assert 'lang="ar-MA"' in page.text
    assert 'href="/act/fr/cases/ann-example"' in page.text
    assert '<link rel="canonical" href="https://ma.example.org/act/cases/ann-example">' in page.text
    assert client.get("/act/fr/cases/ann-example", base_url="http://au.example.org").status_code == 404
    for stranger in ("http://evil.example", "http://example.org", "http://au.example.org.evil.example"):
        answer = client.get("/act/", base_url=stranger)
        assert answer.status_code == 404
        assert "Australia" not in answer.text
    assert client.post("/act/cases/ann-example/sign", base_url="http://evil.example").status_code == 404
    form = client.get("/act/cases/ann-example/sign", base_url="http://au.example.org")
    _, fields = form_fields(form, "form_token")
    typed = {**fields, "first_name": "A", "last_name": "B", "email": "a@example.org", "consent": "y"}
    answer = client.post("/act/cases/ann-example/sign", base_url="http://au.example.org", data=typed)
    assert (answer.status_code, answer.location) == (303, "/act/cases/ann-example/thanks")
    run_jobs(host.app)
    assert host.mailer.links("/confirm/")[0].startswith("https://au.example.org/act/confirm/")


def test_host_matching_keeps_the_hosts_own_pages(make_site: MakeSite) -> None:
    def pages(app: Flask) -> None:
        app.add_url_rule("/own", "own", lambda: "own", host="www.example.org")

    host = make_site(before=pages, flask={"host_matching": True, "static_host": "www.example.org"})
    make_campaign(host.app)
    client = host.app.test_client()
    assert client.get("/own", base_url="http://www.example.org").text == "own"
    page = client.get("/au/", base_url="http://www.example.org")
    assert page.status_code == 200
    style = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert style.startswith("/w4r-static/css/w4r.css?v=")
    with client.get(style.replace("&amp;", "&"), base_url="http://www.example.org") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "text/css")
    host.run("w4r", "doctor")


def test_mounted_at_the_root_beside_the_hosts_pages(make_site: MakeSite) -> None:
    host = make_site(section={"preset": "MA", "url_prefix": "/"}, before=own_pages)
    make_campaign(host.app)
    client = host.app.test_client()
    assert client.get("/").status_code == client.get("/fr/").status_code == 200
    assert client.get("/own").text == "own GET"
    assert client.get("/cases/ann-example").status_code == 200


def test_links_follow_the_root_that_a_proxy_names(make_site: MakeSite) -> None:
    host = make_site()
    make_campaign(host.app)
    client = host.app.test_client()
    for root in ("", "/site", "/other"):
        page = client.get("/au/", environ_overrides={"SCRIPT_NAME": root})
        assert f'href="{root}/au/cases/ann-example"' in page.text, "also where another root's rendering is kept"


def test_a_whole_host_in_twelve_lines(database: str) -> None:
    source = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_w4r import W4R

app = Flask("site")
app.config["SECRET_KEY"] = "only for tests"
app.config["SQLALCHEMY_DATABASE_URI"] = DATABASE
app.config["W4R_SECTION"] = "NZ"
app.config["TESTING"] = True
db = SQLAlchemy(app)
w4r = W4R()
w4r.init_app(app, db)
"""
    assert len([line for line in source.splitlines() if line]) <= 12
    site: dict[str, object] = {"DATABASE": database}
    exec(source, site)
    app, db = site["app"], site["db"]
    assert isinstance(app, Flask)
    assert isinstance(db, SQLAlchemy)
    result = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    assert result.exit_code == 0, result.output
    make_campaign(app)
    client = app.test_client()
    assert client.get("/write-for-rights/").status_code == 200
    assert sign(client, "/write-for-rights", "ann-example").status_code == 303
    with app.app_context():
        db.engine.dispose()


def test_the_constructor_sets_up_at_once(database: str) -> None:
    app = Flask("site")
    app.config.update(settings(database))
    db = SQLAlchemy(app)
    W4R(app, db)
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    assert app.test_client().get("/au/").status_code == 200
    with app.app_context():
        db.engine.dispose()


def test_the_database_object_is_found_on_the_app(database: str) -> None:
    app = Flask("site")
    app.config.update(settings(database))
    db = SQLAlchemy(app)
    W4R(app)
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    with app.app_context():
        db.engine.dispose()


def test_twice_on_one_app_is_refused(make_site: MakeSite) -> None:
    host = make_site()
    with pytest.raises(ConfigurationError, match="called twice"):
        host.w4r.init_app(host.app, host.db)
    assert host.app.test_client().get("/au/").status_code == 200


def test_without_a_database_object_nothing_is_registered() -> None:
    app = Flask("site")
    app.config.update(settings("sqlite://"), W4R_CAPTCHA="cookie")
    with pytest.raises(ConfigurationError) as caught:
        W4R(app)
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["W4R_CAPTCHA", "database"]
    assert "w4r" not in app.extensions
    assert not app.blueprints


@every_database
def test_the_database_may_be_set_up_after_us(make_site: MakeSite) -> None:
    host = make_site(late_db=True)
    make_campaign(host.app)
    client = host.app.test_client()
    assert sign(client, "/au", "ann-example").status_code == 303
    run_jobs(host.app)
    page = client.get(host.mailer.links("/confirm/")[0].removeprefix("http://localhost"))
    assert "Your signature is confirmed" in submit(client, page).text


def test_a_database_that_was_never_set_up_is_named_in_the_log(database: str, caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("site")
    app.config.update(settings(database))
    own_pages(app)
    W4R(app, SQLAlchemy())
    client = app.test_client()
    assert client.get("/au/").status_code == 503
    assert "call db.init_app(app)" in caplog.text
    assert client.get("/own").status_code == 200


def test_without_a_secret_key_the_reason_is_in_the_log(make_site: MakeSite, caplog: pytest.LogCaptureFixture) -> None:
    host = make_site(SECRET_KEY=None)
    for _ in range(2):
        assert host.app.test_client().get("/au/").status_code == 503
    assert caplog.text.count("SECRET_KEY is missing") == 1


def test_an_in_memory_database_serves_a_hosts_tests(make_site: MakeSite) -> None:
    host = make_site("sqlite:///:memory:")
    make_campaign(host.app)
    assert sign(host.app.test_client(), "/au", "ann-example").status_code == 303
    assert len(host.rows("SELECT * FROM w4r_signature")) == 1
