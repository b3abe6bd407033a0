"""Whoever comes first, the host's ``create_all`` or our revisions, and whatever is pending."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, inspect, text

from flask_w4r.errors import SchemaError
from flask_w4r.models import metadata
from flask_w4r.services.storage import schema

from .later import later_metadata, picture

HEAD = list(schema.revisions())[-1]


def test_host_first(engine: Engine) -> None:
    metadata.create_all(engine)
    assert schema.status(engine).state == "unstamped"
    assert schema.check(engine) == ["the tables have no version stamp of ours; run 'flask w4r db upgrade'"]
    assert schema.upgrade(engine) == []
    assert schema.status(engine).state == "current"
    assert schema.check(engine) == []
    assert schema.downgrade(engine, "base")


def test_ours_first(engine: Engine) -> None:
    schema.upgrade(engine)
    before = picture(engine)
    metadata.create_all(engine)
    assert picture(engine) == before
    assert schema.check(engine) == []


def test_pending(engine: Engine, request: pytest.FixtureRequest) -> None:
    schema.upgrade(engine)
    later = request.getfixturevalue("newer_library")
    assert schema.status(engine) == schema.SchemaStatus("behind", HEAD, later)
    assert f"the tables are at {HEAD}, this version needs {later}; run 'flask w4r db upgrade'" in schema.check(engine)
    assert schema.upgrade(engine) == [later]
    assert schema.check(engine) == []
    assert schema.downgrade(engine, HEAD) == [later]
    assert schema.upgrade(engine) == [later]


def test_pending_and_the_hosts_create_all_came_first(engine: Engine, request: pytest.FixtureRequest) -> None:
    schema.upgrade(engine)
    later = request.getfixturevalue("newer_library")
    later_metadata().create_all(engine)
    assert "w4r_later" in inspect(engine).get_table_names()
    assert schema.upgrade(engine) == [later]
    assert schema.check(engine) == []


def test_pending_and_rows_stand_where_a_revision_wants_to_go(engine: Engine, request: pytest.FixtureRequest) -> None:
    schema.upgrade(engine)
    request.getfixturevalue("newer_library")
    later_metadata().create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO w4r_later (name) VALUES ('a')"))
    with pytest.raises(SchemaError, match=r"already contain rows; .*: w4r_later"):
        schema.upgrade(engine)
    assert schema.status(engine).current == HEAD
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM w4r_later")) == 1


def test_host_first_at_the_later_version(engine: Engine, newer_library: str) -> None:
    later_metadata().create_all(engine)
    assert schema.status(engine).state == "unstamped"
    assert schema.upgrade(engine) == []
    assert schema.status(engine).current == newer_library


def test_host_first_at_an_older_version_is_refused(engine: Engine, newer_library: str) -> None:
    metadata.create_all(engine)
    with pytest.raises(SchemaError) as refused:
        schema.upgrade(engine)
    assert "table w4r_later is missing" in str(refused.value)
    assert "column w4r_day_key.note is missing" in str(refused.value)


def test_tables_of_a_newer_library_are_left_alone(
    engine: Engine, newer_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade(engine)
    before = picture(engine)
    monkeypatch.undo()
    assert schema.status(engine).state == "ahead"
    assert any("newer version" in problem for problem in schema.check(engine))
    with pytest.raises(SchemaError, match="install that version"):
        schema.upgrade(engine)
    with pytest.raises(SchemaError, match="install that version"):
        schema.downgrade(engine, "base")
    assert picture(engine) == before


def test_a_revision_that_fails_leaves_the_stamp_where_it_was(engine: Engine, request: pytest.FixtureRequest) -> None:
    schema.upgrade(engine)
    request.getfixturevalue("newer_library")
    with engine.begin() as connection:
        # The later revision adds this column too.
        connection.execute(text("ALTER TABLE w4r_day_key ADD COLUMN note VARCHAR(20)"))
    with pytest.raises(Exception, match=r"(?i)note"):
        schema.upgrade(engine)
    assert schema.status(engine).current == HEAD
    if engine.dialect.name != "mysql":
        assert "w4r_later" not in inspect(engine).get_table_names()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE w4r_day_key DROP COLUMN note"))
    # MariaDB kept the new table, empty: it is no obstacle.
    assert schema.upgrade(engine) == ["9999"]


def test_several_stamps_are_refused(small_engine: Engine) -> None:
    schema.upgrade(small_engine)
    with small_engine.begin() as connection:
        connection.execute(text("INSERT INTO w4r_alembic_version VALUES ('other')"))
    assert schema.status(small_engine).state == "different"
    with pytest.raises(SchemaError, match="several stamps"):
        schema.upgrade(small_engine)


def test_other_tables_of_the_host_do_not_matter(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE post (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('hosts')"))
    schema.upgrade(engine)
    assert schema.check(engine) == []
    schema.downgrade(engine, "base")
    assert {"post", "alembic_version"} <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "hosts"
