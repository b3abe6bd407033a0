"""``flask w4r db``, as administrators and scripts see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, inspect, text

from flask_w4r.services.storage import schema

from .hosts import close, invoke, make_host

REVISIONS = list(schema.revisions())
HEAD = REVISIONS[-1]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app, db = make_host(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    yield app
    close(app, db)


def test_check_exits_with_1_until_the_tables_are_there(app: Flask) -> None:
    assert invoke(app, "check") == (1, "none of our tables exist; run 'flask w4r db upgrade'\n")
    invoke(app, "upgrade")
    assert invoke(app, "check")[0] == 0


def test_check_as_json(app: Flask, small_engine: Engine) -> None:
    code, said = invoke(app, "check", "--json")
    assert code == 1
    assert json.loads(said)["state"] == "absent"
    invoke(app, "upgrade")
    code, said = invoke(app, "check", "--json")
    assert code == 0
    assert json.loads(said) == {"state": "current", "current": HEAD, "head": HEAD, "problems": []}
    with small_engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_w4r_token_expires"))
    code, said = invoke(app, "check", "--json")
    assert code == 1
    assert json.loads(said)["problems"] == ["index ix_w4r_token_expires on w4r_token is missing"]


def test_check_says_what_is_pending(app: Flask, request: pytest.FixtureRequest) -> None:
    invoke(app, "upgrade")
    request.getfixturevalue("newer_library")
    code, said = invoke(app, "check")
    assert code == 1
    assert f"the tables are at {HEAD}, this version needs 9999" in said
    assert invoke(app, "upgrade") == (0, "applied 9999\n")


def test_upgrade_to_a_revision(app: Flask, newer_library: str) -> None:
    assert invoke(app, "upgrade", "0001") == (0, "applied 0001\n")
    assert invoke(app, "upgrade") == (
        0,
        "".join(f"applied {revision}\n" for revision in [*REVISIONS[1:], newer_library]),
    )
    code, said = invoke(app, "upgrade", "0815")
    assert code == 1
    assert said == f"Error: there is no revision '0815'; there are: {', '.join(REVISIONS)}, 9999\n"


def test_upgrade_refuses_what_it_does_not_know(app: Flask, small_engine: Engine) -> None:
    with small_engine.begin() as connection:
        connection.execute(text("CREATE TABLE w4r_token (id INTEGER PRIMARY KEY)"))
    code, said = invoke(app, "upgrade")
    assert code == 1
    assert "  - column w4r_token.token_hash is missing\n" in said
    assert "  - table w4r_case is missing\n" in said


def test_downgrade_asks_first(app: Flask, small_engine: Engine) -> None:
    invoke(app, "upgrade")
    code, said = invoke(app, "downgrade", "base", answer="n\n")
    assert code == 1
    assert "with the signatures" in said
    assert "Without a backup they are lost" in said
    assert "w4r_signature" in inspect(small_engine).get_table_names()

    code, said = invoke(app, "downgrade", "base", answer="y\n")
    assert code == 0
    assert said.endswith("reverted 0001\n")
    assert "w4r_signature" not in inspect(small_engine).get_table_names()


def test_downgrade_without_asking(app: Flask) -> None:
    invoke(app, "upgrade")
    assert invoke(app, "downgrade", HEAD, "--yes") == (0, f"nothing to do: the tables are at {HEAD}\n")
    assert invoke(app, "downgrade", "base", "--yes") == (
        0,
        "".join(f"reverted {revision}\n" for revision in REVISIONS[::-1]),
    )


def test_a_database_that_is_away_is_said_without_a_traceback(tmp_path: Path) -> None:
    app, db = make_host(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite3'}")
    code, said = invoke(app, "upgrade")
    close(app, db)
    assert code == 1
    assert said.startswith("Error: the database refused: unable to open database file")
