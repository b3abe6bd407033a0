"""Real Flask apps: their ``create_all``, their naming convention, their second bind."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect

from flask_w4r.services.storage import schema

from .hosts import close, invoke, make_host
from .later import picture

REVISIONS = list(schema.revisions())
HEAD = REVISIONS[-1]
APPLIED = "".join(f"applied {revision}\n" for revision in REVISIONS)


@pytest.mark.parametrize("convention", [False, True], ids=["plain", "convention"])
def test_host_first_then_ours(database_url: str, engine: Engine, convention: bool) -> None:
    app, db = make_host(database_url, convention=convention)
    with app.app_context():
        db.create_all()
    assert invoke(app, "upgrade") == (0, f"the tables were already right: stamped {HEAD}\n")
    assert invoke(app, "check") == (0, f"the tables are right, at {HEAD}\n")
    close(app, db)
    by_host = picture(engine)
    host_names = [index["name"] for index in by_host.pop("note")["indexes"]]
    assert any(str(name).startswith("hosts_") for name in host_names) is convention

    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE note")
    schema.downgrade(engine, "base")
    schema.upgrade(engine)
    assert picture(engine) == by_host


@pytest.mark.parametrize("convention", [False, True], ids=["plain", "convention"])
def test_ours_first_then_host(database_url: str, engine: Engine, convention: bool) -> None:
    app, db = make_host(database_url, convention=convention)
    assert invoke(app, "upgrade") == (0, APPLIED)
    before = picture(engine)
    with app.app_context():
        db.create_all()
    assert invoke(app, "check")[0] == 0
    assert invoke(app, "upgrade") == (0, f"nothing to do: the tables are at {HEAD}\n")
    close(app, db)
    after = picture(engine)
    assert after.pop("note")
    assert after == before


def test_our_tables_on_a_second_bind(database_url: str, engine: Engine, tmp_path: Path) -> None:
    hosts = f"sqlite:///{tmp_path / 'hosts_own.sqlite3'}"
    app, db = make_host(hosts, SQLALCHEMY_BINDS={"private": database_url}, W4R_BIND_KEY="private")
    assert invoke(app, "upgrade") == (0, APPLIED)
    with app.app_context():
        db.create_all()
    assert invoke(app, "check")[0] == 0
    close(app, db)
    assert "note" not in inspect(engine).get_table_names()
    hosts_engine = create_engine(hosts)
    assert inspect(hosts_engine).get_table_names() == ["note"]
    hosts_engine.dispose()


def test_second_bind_where_the_host_came_first(database_url: str, tmp_path: Path) -> None:
    hosts = f"sqlite:///{tmp_path / 'hosts_own.sqlite3'}"
    app, db = make_host(hosts, convention=True, SQLALCHEMY_BINDS={"private": database_url}, W4R_BIND_KEY="private")
    with app.app_context():
        db.create_all()
    assert invoke(app, "upgrade") == (0, f"the tables were already right: stamped {HEAD}\n")
    close(app, db)


def test_taking_back_is_refused_while_the_host_refers_to_us(database_url: str, engine: Engine) -> None:
    app, db = make_host(database_url)
    invoke(app, "upgrade")
    with app.app_context():
        db.create_all()
    code, said = invoke(app, "downgrade", "base", "--yes")
    close(app, db)
    if engine.dialect.name == "sqlite":
        # SQLite does not enforce foreign keys unless it is told to.
        assert code == 0
    else:
        assert code == 1
        assert "the database refused" in said
        assert "w4r_case" in inspect(engine).get_table_names()
