"""Every snippet that the documentation shows does what the text says."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask_babel import get_locale
from jinja2 import FileSystemLoader
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from werkzeug.serving import make_server

from flask_w4r import doctor
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.cli.thread import embedded_worker
from flask_w4r.config import W4RConfig
from flask_w4r.keyring import generate_key
from flask_w4r.seam import Seam
from flask_w4r.sections import load_section
from flask_w4r.services.rollup.signing import new_pair
from flask_w4r.state import get_state
from flask_w4r.testing import run_jobs, sign
from tests import services

from .conftest import TEMPLATES, MakeSite, run
from .pages import PAGES, SNIPPETS, covered, covers, included, load, settings_of


@covers("limiter.py")
def test_limiter(make_site: MakeSite) -> None:
    app = make_site("limiter.py", W4R_RATE_LIMITS={"sign_host": "2/minute"})
    client = app.test_client()
    codes = [sign(client, "/act", "ann-example").status_code for _ in range(3)]
    assert codes == [303, 303, 429]
    assert app.extensions.get("w4r_limiter") is None


@covers("csrf.py")
def test_csrf(make_site: MakeSite) -> None:
    app = make_site("csrf.py")
    app.add_url_rule("/own", "own", lambda: "ok", methods=["POST"])
    client = app.test_client()
    assert client.post("/own").status_code == 400
    assert client.post("/act/cases/ann-example/sign", data={"first_name": "Sam"}).status_code == 422
    assert sign(client, "/act", "ann-example").status_code == 303


@covers("own_words.py")
def test_own_words_of_a_kit(make_site: MakeSite, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    shutil.copytree(SNIPPETS / "kit", kit)
    facts = kit / "cases" / "ann-example" / "case.toml"
    text = facts.read_text("utf-8")
    assert "topics = [" in text
    facts.write_text(text.replace("topics = [", 'topics = ["land-rights", '), "utf-8")
    app = make_site(campaign=False, **settings_of("own_words.py"))
    run(app, "w4r", "kit", "import", str(kit), "--starts-on", "2020-01-01", "--ends-on", "2090-01-01")
    assert "Droit à la terre" in app.test_client().get("/act/fr/cases/ann-example").text


@covers("action_types.py")
def test_action_types_of_ones_own(make_site: MakeSite, tmp_path: Path) -> None:
    app = make_site(**settings_of("action_types.py"))
    client = app.test_client()
    assert 'name="count-vigil"' in client.get("/act/report").text
    assert "0 of 20" in client.get("/act/").text


@covers("babel.py")
def test_babel_and_own_words(make_site: MakeSite, tmp_path: Path) -> None:
    folder = tmp_path / "translations" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="fr")
    catalog.add("Cases", "Nos dossiers")
    with (folder / "flask_w4r.mo").open("wb") as file:
        write_mo(file, catalog)
    app = make_site("babel.py", ROOT=str(tmp_path), W4R_SECTION={"preset": "MA", "url_prefix": "/ma"})
    seen: list[str] = []
    app.context_processor(lambda: seen.append(str(get_locale())) or {})
    page = app.test_client().get("/ma/fr/").get_data(as_text=True)
    assert "Nos dossiers" in page
    assert set(seen) == {"fr"}


@covers("mailer.py")
def test_mailer(monkeypatch: pytest.MonkeyPatch) -> None:
    module, sent = load("mailer.py"), []

    class Server:
        def __init__(self, *args: object, **options: object) -> None:
            pass

        def __enter__(self) -> Any:
            return SimpleNamespace(send_message=sent.append)

        def __exit__(self, *args: object) -> None:
            pass

    monkeypatch.setattr(module.smtplib, "SMTP", Server)
    message = EmailMessage()
    module.hand_over(message)
    assert sent == [message]
    assert module.w4r._hooks["mailer"] is module.hand_over


@covers("staff.py")
def test_staff(make_site: MakeSite) -> None:
    app = make_site("staff.py")
    codes = {}
    for name in ("nobody", "kim", "noor"):
        client = app.test_client()
        if name != "nobody":
            with client.session_transaction() as session:
                session["_user_id"] = name
        codes[name] = [client.get(f"/act/moderation/{path}").status_code for path in ("", "cases/ann-example")]
    assert codes == {"nobody": [401, 401], "kim": [200, 403], "noor": [200, 200]}


@covers("layouts.py", "templates/site/public.html", "templates/site/layout.html")
def test_layouts(make_site: MakeSite) -> None:
    app = make_site("staff.py", **settings_of("layouts.py"))
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    client = app.test_client()
    public = client.get("/act/cases/ann-example")
    assert "Our site" in public.text
    assert "Sign in" not in public.text
    assert public.headers["Cache-Control"].startswith("public, max-age=")
    assert "Set-Cookie" not in public.headers
    assert "Vary" not in public.headers
    form = client.get("/act/cases/ann-example/sign")
    assert "Sign in" in form.text
    assert form.headers["Cache-Control"] == "private, no-store"


@covers("layout.py")
def test_one_layout(make_site: MakeSite) -> None:
    app = make_site("staff.py", **settings_of("layout.py"))
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    for path in ("", "cases/ann-example", "cases/ann-example/sign", "cases/nobody"):
        assert "Sign in" in app.test_client().get(f"/act/{path}").text


@covers("own_rules.css")
def test_own_rules_stand_in_the_last_layer() -> None:
    """That they win is up to the browser; ``tests/browser`` has one look."""
    own = (SNIPPETS / "own_rules.css").read_text("utf-8")
    ours = resources.files("flask_w4r").joinpath("static/css/w4r.css").read_text("utf-8")
    [order] = re.findall(r"^@layer [^;{]+;", ours, re.MULTILINE)
    assert own.startswith(f"{order}\n")
    assert f"@layer {order.rstrip(';').split()[-1]} {{" in own


def test_a_public_layout_that_reads_the_session_is_not_cached_and_doctor_says_so(make_site: MakeSite) -> None:
    app = make_site("staff.py", W4R_PUBLIC_LAYOUT="site/layout.html")
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    assert app.test_client().get("/act/").headers["Cache-Control"] == "private, no-store"
    assert any(item.subject == "layout" for item in doctor.examine(app, get_state(app)))


@covers("templates/w4r/_partials/signer_warning.html")
def test_an_overridden_partial(make_site: MakeSite) -> None:
    app = make_site(W4R_SECTION={"preset": "AU", "url_prefix": "/act", "contact": "help@example.org"})
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    with app.app_context(), app.extensions["sqlalchemy"].engine.begin() as connection:
        connection.exec_driver_sql("UPDATE w4r_case SET signer_warning = 1")
    assert "Talk to us before you sign" in app.test_client().get("/act/cases/ann-example").text


@covers("two_sections.py", "host_names.py")
def test_several_sections(make_site: MakeSite) -> None:
    app = make_site(W4R_SECTION=None, **settings_of("two_sections.py"))
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/au/", "/ma/", "/ma/fr/")] == [200, 200, 200]
    assert 'dir="rtl"' in client.get("/ma/").text


@covers("host_names.py")
def test_host_names(make_site: MakeSite) -> None:
    app = make_site(W4R_SECTION=None, **settings_of("host_names.py"))
    client = app.test_client()
    found = {
        host: client.get("/cases/ann-example", base_url=f"http://{host}")
        for host in ("write.example.org", "ecrire.example.org", "evil.example.org")
    }
    assert [answer.status_code for answer in found.values()] == [200, 200, 404]
    assert 'lang="fr-CA"' in found["ecrire.example.org"].text


@covers("whole_name.py")
def test_whole_name(make_site: MakeSite) -> None:
    app = make_site(**settings_of("whole_name.py"))
    page = app.test_client().get("/act/cases/ann-example/sign").text
    assert 'name="full_name"' in page and 'name="last_name"' not in page


@covers("section_table.py")
def test_section_table(make_site: MakeSite) -> None:
    app = make_site(**settings_of("section_table.py"))
    client = app.test_client()
    form = client.get("/act/cases/ann-example/sign").text
    assert "How did you hear of us?" in form
    assert "Hand over my name with this petition and delete it after that." in form
    assert 'name="phone"' not in form
    assert "https://www.example.org/privacy" in form
    theme = client.get("/act/theme.css").text
    assert "--w4r-signal: #ffd400;" in theme
    assert "/act/theme.css" in form


@covers("letters.py")
def test_letters(make_site: MakeSite) -> None:
    table = settings_of("letters.py")["W4R_SECTION"]
    app = make_site(W4R_SECTION={**table, "url_prefix": "/act"})
    sheet = app.test_client().get("/act/cases/ann-example/letter").text
    assert "A letter abroad costs $3.20." in sheet or "no one to write to" in sheet
    assert load_section(table, default_prefix="/act", default_confirmation="email")[1] == []


@covers("hcaptcha.py")
def test_hcaptcha(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HCAPTCHA_SITE_KEY", "a-site-key")
    monkeypatch.setenv("HCAPTCHA_SECRET_KEY", "a-secret-key")
    app = make_site("csp.py", **settings_of("hcaptcha.py"))
    token = app.test_client().get("/act/cases/ann-example/sign/token").json
    assert token["captcha"] == {"kind": "hcaptcha", "site_key": "a-site-key"}
    assert "https://*.hcaptcha.com" in app.test_client().get("/act/").headers["Content-Security-Policy"]


@covers("map_tiles.py")
def test_map_tiles(make_site: MakeSite) -> None:
    app = make_site("csp.py", **settings_of("map_tiles.py"))
    policy = app.test_client().get("/act/events").headers["Content-Security-Policy"]
    assert "https://tiles.example.org" in policy
    assert "https://tiles.example.org/{z}/{x}/{y}.png" in app.test_client().get("/act/events").text


@covers("jobs_thread.py")
def test_the_worker_in_a_thread(make_site: MakeSite) -> None:
    app = make_site("csp.py", **settings_of("jobs_thread.py"))
    embedded = embedded_worker(app)
    app.test_client().get("/")
    try:
        assert embedded.thread is not None and embedded.thread.is_alive()
    finally:
        embedded.end()


@covers("pgbouncer.py")
def test_pgbouncer_settings() -> None:
    options = settings_of("pgbouncer.py")["SQLALCHEMY_ENGINE_OPTIONS"]
    services.need("postgresql")
    engine = create_engine(services.POSTGRES, poolclass=NullPool, **options)
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection.prepare_threshold is None  # type: ignore[union-attr]


@covers("csp.py")
def test_csp(make_site: MakeSite) -> None:
    policy = make_site("csp.py").test_client().get("/act/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' https://images.example.org" in policy
    assert "unsafe" not in policy


@covers("purge.py")
def test_purge(make_site: MakeSite) -> None:
    import flask_w4r.signals as signals

    module = load("purge.py")
    try:
        app = make_site("limiter.py")
        run(app, "w4r", "case", "status", "ann-example", "withdrawn")
    finally:
        signals.case_changed.disconnect(module.drop_from_cache)
    assert "http://localhost/act/cases/ann-example" in module.cdn.purged
    assert app.test_client().get("/act/cases/ann-example").status_code == 410


@covers("proxy.py")
def test_proxy() -> None:
    client = load("proxy.py").app.test_client()
    headers = {"X-Forwarded-For": "6.6.6.6, 198.51.100.7", "X-Forwarded-Proto": "https"}
    assert client.get("/", headers=headers).json == {"address": "198.51.100.7", "scheme": "https"}


@covers("celery_worker.py")
def test_celery(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    app = load("limiter.py").create_app(settings)
    monkeypatch.setitem(sys.modules, "our_site", SimpleNamespace(app=app))
    worker = load("celery_worker.py")
    named = {f"w4r.{name}" for name in Seam(CAPABILITIES).jobs}
    assert named <= set(worker.celery.tasks)
    assert set(worker.celery.conf.beat_schedule) == named


@covers("settings_production.py")
def test_production_settings(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    services.need("redis")
    for name in ("W4R_ENCRYPTION_KEYS", "W4R_INDEX_KEY", "SECRET_KEY"):
        monkeypatch.setenv(name, generate_key())
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'site.sqlite3'}")
    monkeypatch.setenv("REDIS_URL", services.REDIS)
    monkeypatch.setenv("MAIL_URL", "smtp://user:password@mail.example.org:587?tls=1")
    found = settings_of("settings_production.py")
    W4RConfig.from_mapping(found, relaxed=False)
    app = make_site(**{**found, "TESTING": False}, campaign=False)
    report = doctor.examine(app, get_state(app))
    # The test's database is SQLite, and its client calls the site "localhost".
    assert [item for item in report if item.level == "error"] == []


@covers("test_our_site.py")
def test_the_test(tmp_path: Path) -> None:
    (tmp_path / "test_our_site.py").write_text((SNIPPETS / "test_our_site.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, env={"PYTHONPATH": str(SNIPPETS.parents[1]), "PATH": ""}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


ELSEWHERE = {"counts.csv", "our_site.py", "gunicorn.conf.py", "nginx.conf", "w4r-jobs.service"}


def test_every_snippet_is_run_and_shown() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.docs.{path.stem}")
    files = {
        str(path.relative_to(SNIPPETS)) for path in SNIPPETS.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert files == covered | ELSEWHERE
    shown = {name for page in PAGES for name in included(page)}
    assert shown == files


@covers("newsletter.py")
def test_newsletter(make_site: MakeSite) -> None:
    app = make_site("newsletter.py", W4R_CONFIRMATION="none", W4R_CAPTCHA="none", W4R_MAIL_URL="console:")
    answer = sign(app.test_client(), "/act", "ann-example", newsletter="yes")
    assert answer.status_code == 303
    run_jobs(app)
    sink = get_state(app).hooks.subscriber_sink
    assert sink is not None
    assert sink.__globals__["ADDRESS_BOOK"] == [("sam1@example.org", "Sam", "en")]
    run(app, "w4r", "person", "erase", "sam1@example.org", "--yes")
    run_jobs(app)
    assert sink.__globals__["ADDRESS_BOOK"] == []


@covers("webhooks.py", "webhook_receiver.py")
def test_webhooks(make_site: MakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "whsec_" + "c2VjcmV0IG9mIHRoZSBkb2N1bWVudGF0aW9u"
    monkeypatch.setenv("CRM_WEBHOOK_SECRET", secret)
    monkeypatch.setenv("SCREEN_WEBHOOK_SECRET", f"{secret},{secret}")
    tables = settings_of("webhooks.py")["W4R_WEBHOOKS"]
    assert len(W4RConfig.from_mapping({"W4R_SECTION": "AU", "W4R_WEBHOOKS": tables}, relaxed=True)[0].webhooks) == 2
    program = load("webhook_receiver.py")
    server = make_server("127.0.0.1", 0, program.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        here = {**tables["crm"], "url": f"http://127.0.0.1:{server.server_port}/hooks/w4r", "allow_private": True}
        app = make_site(
            "limiter.py",
            W4R_CONFIRMATION="none",
            W4R_CAPTCHA="none",
            W4R_MAIL_URL="console:",
            W4R_WEBHOOKS={"crm": here},
        )
        assert sign(app.test_client(), "/act", "ann-example", newsletter="yes").status_code == 303
        run_jobs(app)
        ((person, known),) = program.PEOPLE.items()
        assert known["email"] == "sam1@example.org"
        run(app, "w4r", "person", "erase", "sam1@example.org", "--yes")
        run_jobs(app)
        assert list(program.PEOPLE[person]) == ["sequence"]
        assert program.app.test_client().post("/hooks/w4r", data=b"{}").status_code == 401
    finally:
        server.shutdown()
        server.server_close()


@covers("export_recipients.py")
def test_export_recipients(make_site: MakeSite) -> None:
    app = make_site("limiter.py", **settings_of("export_recipients.py"))
    out = app.test_cli_runner().invoke(args=["w4r", "export", "signatures", "--out", "-"]).stdout_bytes
    assert out.startswith(b"age-encryption.org/v1")


@covers("confirm_identity.py")
def test_confirm_identity(make_site: MakeSite) -> None:
    app = make_site("confirm_identity.py")
    client = app.test_client()
    page = client.get("/act/moderation/exports")
    assert page.headers["Location"].startswith("/password?next=")
    back = client.post(page.headers["Location"])
    assert client.get(back.headers["Location"]).status_code == 200


@covers("own_capability.py")
def test_a_capability_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = f"sqlite:///{tmp_path}/site.sqlite3"
    given = {"TESTING": "true", "SECRET_KEY": "x", "W4R_SECTION": "AU", "SQLALCHEMY_DATABASE_URI": database}
    for key, value in given.items():
        monkeypatch.setenv(f"FLASK_{key}", value)
    module = load("own_capability.py")
    app = module.create_app()
    with app.app_context():
        module.db.create_all()
    assert app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"]).exit_code == 0
    assert app.test_client().post("/write-for-rights/stall").status_code == 204
    assert run_jobs(app)["stall"] == {"visits": 1}
    with app.app_context():
        module.db.session.execute(module.db.update(module.Visit).values(at=datetime(2020, 1, 1, tzinfo=UTC)))
        module.db.session.commit()
    assert run_jobs(app)["purge"]["stall"] == 1


@covers("ledger.py")
def test_the_ledger_of_erasures(make_site: MakeSite, tmp_path: Path) -> None:
    (name,) = settings_of("ledger.py")
    assert name == "W4R_ERASURE_LEDGER"
    file = tmp_path / "erasures.jsonl"
    app = make_site("newsletter.py", W4R_CAPTCHA="none", W4R_MAIL_URL="console:", W4R_ERASURE_LEDGER=str(file))
    assert sign(app.test_client(), "/act", "ann-example").status_code == 303
    run_jobs(app)
    run(app, "w4r", "person", "show", "sam1@example.org")
    run(app, "w4r", "person", "erase", "sam1@example.org", "--yes")
    run_jobs(app)
    assert len(file.read_text().splitlines()) == 1
    run(app, "w4r", "erasures", "replay")
    run(app, "w4r", "erasures", "export", str(tmp_path / "ledger.jsonl"))
    run(app, "w4r", "erasures", "import", str(tmp_path / "ledger.jsonl"))


@covers("section_keys.toml", "case_news.toml", "status_feed.py")
def test_what_the_centre_signs(make_site: MakeSite, tmp_path: Path) -> None:
    """A list of keys and news as they stand in the documentation are signed, imported and published."""
    pair, key = new_pair(), tmp_path / "root.key"
    key.write_text(f"W4R_SIGNING_KEY={pair.private}\nPUBLIC_KEY={pair.public}\n")
    site = {"W4R_SIGNING_KEY": pair.private, "W4R_ROLLUP_ROOT": pair.public, **settings_of("status_feed.py")}
    app = make_site("limiter.py", **site)
    listed, news = str(tmp_path / "list.json"), str(tmp_path / "news.json")
    run(app, "w4r", "rollup", "keys", "sign", str(SNIPPETS / "section_keys.toml"), "--key", str(key), "--out", listed)
    assert "2 keys are trusted, 1 are revoked" in run(app, "w4r", "rollup", "keys", "import", listed)
    run(app, "w4r", "feed", "sign", str(SNIPPETS / "case_news.toml"), "--keys", listed, "--out", news)
    assert "2 entries are served" in run(app, "w4r", "feed", "publish", news)
