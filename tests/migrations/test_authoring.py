"""The next revision is written from what the models say, in types that stay what they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import TypeEngine

from flask_w4r.migrations import __main__ as authoring
from flask_w4r.migrations import columns
from flask_w4r.services.storage import compare as schema_compare
from flask_w4r.services.storage import schema

from .later import later_metadata, picture


def says_what_can_change(path: Path) -> bool:
    """Whether a revision leans on anything of ours but the frozen column types."""
    return "flask_w4r" in path.read_text().replace("from flask_w4r.migrations.columns import ", "")


@pytest.fixture
def without_revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of revisions with none in it yet."""
    folder = tmp_path / "revisions"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__", "r0*"))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    return folder


def test_all_of_it_again(engine: Engine, without_revisions: Path) -> None:
    first = authoring.write_revision("All of it")
    schema._revisions.cache_clear()
    assert first.name == "r0001_all_of_it.py"
    assert not says_what_can_change(first)
    assert schema.upgrade(engine) == ["0001"]
    assert schema.check(engine) == []
    assert schema.downgrade(engine, "base") == ["0001"]


def test_one_more(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "revisions"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    metadata = later_metadata()
    for module in (schema, schema_compare, authoring):
        monkeypatch.setattr(module, "metadata", metadata)
    before = int(max(schema.revisions()))
    schema.upgrade(engine)
    old = picture(engine)

    written = authoring.write_revision("Later")
    schema._revisions.cache_clear()
    revision = f"{before + 1:04}"
    assert written.name == f"r{revision}_later.py"
    assert schema.revisions()[revision] == ("w4r_later",)
    assert schema.upgrade(engine) == [revision]
    assert schema.check(engine) == []
    schema.downgrade(engine, f"{before:04}")
    assert picture(engine) == old


def test_the_revisions_that_ship_say_nothing_that_can_change() -> None:
    for path in (schema.MIGRATIONS / "versions").glob("r*.py"):
        assert not says_what_can_change(path)


def test_the_column_types_of_revisions_are_frozen() -> None:
    """A type that must change gets a new name: what stands in a database was made with these."""
    made = {
        name: [
            str(kind.compile(dialect=dialect)) for dialect in (sqlite.dialect(), postgresql.dialect(), mysql.dialect())
        ]
        for name, kind in {**vars(columns), "exact_text": columns.exact_text(20)}.items()
        if isinstance(kind, TypeEngine)
    }
    assert made == {
        "ID": ["INTEGER", "BIGINT", "BIGINT"],
        "DIGEST": ["BLOB", "BYTEA", "VARBINARY(32)"],
        "MOMENT": ["DATETIME", "TIMESTAMP WITHOUT TIME ZONE", "DATETIME(6)"],
        "LONG_TEXT": ["TEXT", "TEXT", "LONGTEXT"],
        "LONG_BYTES": ["BLOB", "BYTEA", "LONGBLOB"],
        "exact_text": [
            "VARCHAR(20)",
            'VARCHAR(20) COLLATE "C"',
            "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ],
    }
