"""A command line that asks which commands there are loads none of what they do; whoever uses the app finds all of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask, url_for
from flask.cli import FlaskGroup
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.state import W4RState, get_state

SITE = """
import atexit, sys
from flask import Flask, url_for
from flask_sqlalchemy import SQLAlchemy
from flask_w4r import W4R

atexit.register(lambda: print("pages" if "flask_w4r.blueprints" in sys.modules else "no pages"))
app = Flask(__name__)
app.config.from_prefixed_env()
app.config.update(SQLALCHEMY_DATABASE_URI="sqlite://", TESTING=True, SERVER_NAME="localhost")
db = SQLAlchemy(app)
W4R(app, db)

"""
COMMAND = """
@app.cli.command("links")
def links():
    print(url_for("w4r_au.campaign"), "w4r_signature" in db.metadata.tables)
"""


@pytest.fixture
def command(tmp_path: Path) -> Any:
    (tmp_path / "site_of_ours.py").write_text(SITE)
    (tmp_path / "site_with_commands.py").write_text(SITE + COMMAND)

    def run(*arguments: str, **given: str) -> str:
        root = str(Path(__file__).parents[2])
        settings = {"FLASK_APP": "site_of_ours", "FLASK_W4R_SECTION": "AU", "PYTHONPATH": root, **given}
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments], cwd=tmp_path, env={**os.environ, **settings},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + "--\n" + done.stderr

    return run


def test_the_list_of_commands_loads_no_page(command: Any) -> None:
    told = command("--help")
    assert "w4r" in told
    assert "no pages\n" in told


def test_a_list_with_commands_of_the_hosts_own_loads_no_page(command: Any) -> None:
    # To look at a command on the app's own group, Flask pushes the app's context.
    told = command("--help", FLASK_APP="site_with_commands")
    assert "links" in told
    assert "no pages\n" in told
    assert "no pages\n" in command(FLASK_APP="site_with_commands")


def test_a_command_of_the_hosts_own_finds_everything(command: Any) -> None:
    assert command("links", FLASK_APP="site_with_commands").startswith(
        "http://localhost/write-for-rights/ True\npages\n"
    )


def test_every_rule_is_listed(command: Any) -> None:
    assert "w4r_au.campaign" in command("routes")


def test_a_fault_of_the_configuration_is_told_at_once(command: Any) -> None:
    assert "W4R_SECTION.preset: there is no preset 'XX'" in command("--help", FLASK_W4R_SECTION="XX")


def waiting_app() -> Flask:
    app = Flask("waits")
    app.config.update(TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://", W4R_SECTION="AU")
    with click.Context(FlaskGroup("flask")).scope():
        W4R(app, SQLAlchemy(app))
    assert not app.blueprints
    return app


def test_of_many_who_come_first_one_sets_it_up() -> None:
    app = waiting_app()
    gate, found = threading.Barrier(8), []

    def use() -> None:
        gate.wait(10)
        with app.test_request_context():
            found.append(url_for("w4r_au.campaign"))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["/write-for-rights/"] * 8
    assert app.test_client().get("/write-for-rights/healthz").status_code == 503, "it has no tables, and says so"


def test_who_asks_for_the_state_has_it() -> None:
    app = waiting_app()
    assert isinstance(get_state(app), W4RState)
    assert "w4r_au" in app.blueprints
