from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from flask_w4r.services.storage import compare as schema_compare
from flask_w4r.services.storage import schema
from tests import services
from tests.conftest import DATABASES
from tests.databases import Supply

from .later import LATER_REVISION, copy_revisions, later_metadata


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    services.need(request.param)
    with supply.lend(request.param, tmp_path / "host.sqlite3") as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def small_engine(tmp_path: Path) -> Iterator[Engine]:
    """SQLite alone, for what does not depend on the database."""
    engine = create_engine(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    yield engine
    engine.dispose()


@pytest.fixture
def newer_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The library as it may be one version later: a revision more, with a new table and a new column."""
    monkeypatch.setattr(schema, "MIGRATIONS", copy_revisions(tmp_path / "migrations"))
    metadata = later_metadata()
    monkeypatch.setattr(schema, "metadata", metadata)
    monkeypatch.setattr(schema_compare, "metadata", metadata)
    return LATER_REVISION
