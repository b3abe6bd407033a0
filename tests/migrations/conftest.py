from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from flask_w4r.services import schema, schema_compare

from .later import LATER_REVISION, copy_revisions, later_metadata

NAME = f"w4r_mig{os.environ.get('PYTEST_XDIST_WORKER', '')}"
SERVERS = {
    "postgresql": os.environ.get("W4R_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1/postgres"),
    "mariadb": os.environ.get("W4R_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1/mysql?charset=utf8mb4"),
}


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'host.sqlite3'}"
        return
    url = make_url(SERVERS[request.param])
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {NAME}"))
            connection.execute(text(f"CREATE DATABASE {NAME}"))
    except OperationalError:
        server.dispose()
        if os.environ.get("W4R_TEST_ALLOW_MISSING") == "1":
            pytest.skip(f"no {request.param}")
        raise
    yield url.set(database=NAME).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {NAME}"))
    server.dispose()


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
