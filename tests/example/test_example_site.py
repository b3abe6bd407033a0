"""The example site: its accounts, what each role may do at the desk, and the flood that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example_app import create_app
from example_app.first_start import make_accounts
from example_app.flood import FLOOD
from example_app.users import db, save_user
from flask_w4r.cli.jobs import tools_for
from flask_w4r.keyring import generate_key
from flask_w4r.services.jobs.rounds import run_once
from flask_w4r.testing import form_fields

HELD = sum(wave.count for wave in FLOOD)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The site with the real cases, an account for each role, and the flood."""
    folder = tmp_path_factory.mktemp("instance")
    config: dict[str, Any] = {
        "TESTING": True, "SECRET_KEY": "only for tests", "W4R_ENCRYPTION_KEYS": generate_key(),
        "W4R_INDEX_KEY": generate_key(), "W4R_BASE_URL": "http://localhost", "RATELIMIT_ENABLED": True,
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'example.sqlite3'}", "RATELIMIT_STORAGE_URI": "memory://",
    }  # fmt: skip
    app = create_app(config, instance_path=folder)
    flask(app, "w4r", "db", "upgrade")
    flask(app, "w4r", "demo", "--section", "AU")
    assert str(HELD) in flask(app, "flood")
    with app.app_context():
        for role in ("moderator", "administrator"):
            save_user(role, role, f"the word of {role}")
        db.session.remove()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def flask(app: Flask, *words: str, code: int = 0) -> str:
    """Run ``flask ...``; return what it said."""
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == code, result.output
    return result.output


def sign_in(app: Flask, name: str, password: str | None = None) -> FlaskClient:
    """A browser in which somebody has signed in."""
    client = app.test_client()
    _, fields = form_fields(client.get("/staff/sign-in"), "csrf_token")
    given = {**fields, "name": name, "password": password or f"the word of {name}"}
    answer = client.post("/staff/sign-in", data=given)
    assert answer.status_code == (422 if password else 303)
    return client


def test_an_account_by_command(app: Flask) -> None:
    said = flask(app, "users", "add", "kim", "--role", "moderator", "--password", "")
    password = re.search(r"Password: (\S{12,})", said)
    assert password
    with app.app_context():
        kept = db.session.execute(db.text("SELECT password_hash FROM users WHERE name = 'kim'")).scalar_one()
        db.session.remove()
    assert kept.startswith("scrypt:32768:8:1$")
    assert password[1] not in kept
    said = flask(app, "users", "add", "lee", "--role", "moderator", "--password", "short", code=1)
    assert "12 characters" in said


def test_accounts_are_made_once(app: Flask) -> None:
    lines = make_accounts(app)
    assert all("created earlier" in line for line in lines)


def test_a_wrong_password_opens_nothing(app: Flask) -> None:
    client = sign_in(app, "administrator", "wrong word of administrator")
    answer = client.get("/au/moderation/queue")
    assert answer.status_code == 302
    assert answer.location.startswith("/staff/sign-in")


def test_what_a_moderator_may_do(app: Flask) -> None:
    client = sign_in(app, "moderator")
    for page in ("", "queue", "rules", "batches", "batches/new"):
        assert client.get(f"/au/moderation/{page}").status_code == 200, page
    for page in ("audit", "audit.csv", "find"):
        assert client.get(f"/au/moderation/{page}").status_code == 403, page


def test_an_administrator_may_do_everything(app: Flask) -> None:
    client = sign_in(app, "administrator")
    for page in ("", "queue", "rules", "batches", "batches/new", "audit", "audit.csv", "find", "cases"):
        assert client.get(f"/au/moderation/{page}").status_code == 200, page


def test_the_desk_shows_the_flood(app: Flask) -> None:
    client = sign_in(app, "moderator")
    queue = client.get("/au/moderation/queue").text
    assert "Demo Signer" in queue
    assert "d***" in queue or "d…" in queue or "demo1@example.org" not in queue
    overview = client.get("/au/moderation/").text
    assert "Demo" not in overview
    assert str(HELD) in overview


def test_the_desk_was_alerted_by_mail(app: Flask) -> None:
    sent: list[EmailMessage] = []
    with app.app_context():
        run_once(app, replace(tools_for(app), mailer=sent.append))
    assert {message["To"] for message in sent} == {"desk@example.org"}
    # None of those who were made up gets anything.
    assert not any("demo" in str(message["To"]) for message in sent)


def test_the_counts_are_true_and_nothing_is_made_twice(app: Flask) -> None:
    assert "Nothing was created" in flask(app, "flood")
    flask(app, "w4r", "tally", "recount", "--section", "AU")


def test_keys_of_the_demonstration(tmp_path: Path) -> None:
    from example_app.first_start import write_keys

    write_keys(tmp_path)
    kept = (tmp_path / "keys.cfg").read_text()
    write_keys(tmp_path)
    assert (tmp_path / "keys.cfg").read_text() == kept
    assert oct((tmp_path / "keys.cfg").stat().st_mode)[-3:] == "600"
