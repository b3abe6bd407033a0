from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from flask_w4r.services.storage import compare as schema_compare
from flask_w4r.services.storage import schema
from tests import services

from .later import LATER_REVISION, copy_revisions, later_metadata


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    services.need(request.param)
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'host.sqlite3'}"
        return
    url = make_url(services.POSTGRES if request.param == "postgresql" else services.MARIADB)
    name = f"w4r_mig_{uuid.uuid4().hex[:12]}"
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    force = " WITH (FORCE)" if request.param == "postgresql" else ""
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}{force}"))


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
