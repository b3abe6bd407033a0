"""The revisions make what the models declare, from nothing and back again."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, inspect

from flask_w4r.errors import SchemaError
from flask_w4r.models import metadata
from flask_w4r.services.storage import schema

from .later import picture

REVISIONS = list(schema.revisions())


def test_upgrade_from_nothing_equals_the_metadata(engine: Engine) -> None:
    assert schema.status(engine).state == "absent"
    assert schema.upgrade(engine) == REVISIONS
    assert schema.status(engine) == schema.SchemaStatus("current", REVISIONS[-1], REVISIONS[-1])
    assert schema.check(engine) == []
    by_revisions = picture(engine)

    metadata.drop_all(engine)
    metadata.create_all(engine)
    assert by_revisions == picture(engine)
    assert set(by_revisions) == set(metadata.tables) - {"w4r_alembic_version"}


def test_every_revision_downgrades_and_upgrades_again(engine: Engine) -> None:
    pictures = [picture(engine)]
    for revision in REVISIONS:
        assert schema.upgrade(engine, revision) == [revision]
        pictures.append(picture(engine))
    for revision in reversed(REVISIONS):
        before, after = pictures[REVISIONS.index(revision) : REVISIONS.index(revision) + 2]
        assert picture(engine) == after
        older = REVISIONS[REVISIONS.index(revision) - 1] if revision != REVISIONS[0] else "base"
        assert schema.downgrade(engine, older) == [revision]
        assert picture(engine) == before
        assert schema.upgrade(engine, revision) == [revision]
        assert picture(engine) == after
        schema.downgrade(engine, older)
    assert schema.status(engine).state == "absent"


def test_every_revision_names_the_tables_it_brings(small_engine: Engine) -> None:
    standing: set[str] = {"w4r_alembic_version"}
    for revision, brings in schema.revisions().items():
        schema.upgrade(small_engine, revision)
        now = set(inspect(small_engine).get_table_names())
        assert now - standing == set(brings)
        standing = now


def test_a_second_upgrade_has_nothing_to_do(engine: Engine) -> None:
    schema.upgrade(engine)
    assert schema.upgrade(engine) == []
    assert schema.upgrade(engine, REVISIONS[0]) == []
    assert schema.status(engine).current == REVISIONS[-1]


def test_downgrade_to_where_it_stands_does_nothing(small_engine: Engine) -> None:
    schema.upgrade(small_engine)
    assert schema.downgrade(small_engine, REVISIONS[-1]) == []


@pytest.mark.parametrize("call", [schema.upgrade, schema.downgrade])
def test_an_unknown_revision_is_named(call: object, small_engine: Engine) -> None:
    schema.upgrade(small_engine)
    with pytest.raises(SchemaError, match=r"no revision 'nonsense'; there are: 0001"):
        call(small_engine, "nonsense")  # type: ignore[operator]


def test_only_stamped_tables_are_taken_back(small_engine: Engine) -> None:
    metadata.create_all(small_engine)
    with pytest.raises(SchemaError, match="unstamped"):
        schema.downgrade(small_engine, "base")
    assert "w4r_signature" in inspect(small_engine).get_table_names()


def test_upgrade_on_the_engine_that_our_sessions_write_with(small_engine: Engine) -> None:
    from flask_w4r.services.storage.unit_of_work import prepare_engine

    writer, reader = prepare_engine(small_engine)
    assert schema.upgrade(writer) == REVISIONS
    assert schema.status(reader).state == schema.status(writer).state == "current"
    assert schema.downgrade(reader, "base") == REVISIONS[::-1]


def test_sqlite_settings_of_the_hosts_connection_come_back(small_engine: Engine) -> None:
    with small_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("PRAGMA busy_timeout=1234")
    schema.upgrade(small_engine)
    with small_engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 1234
