from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from flask_w4r.models import metadata

from .sink import Sink
from .world import World, make_engine

DATABASES = {
    "postgresql": os.environ.get("W4R_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1/test"),
    "mariadb": os.environ.get("W4R_TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1/test?charset=utf8mb4"),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of our tables on each kind of server that is there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'mail.sqlite3'}"
        return
    name = f"w4r_mail_{secrets.token_hex(4)}"
    url = make_url(DATABASES[request.param])
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        pytest.skip(f"no {request.param}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


@pytest.fixture(scope="module")
def module_engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(module_engine: Engine) -> Engine:
    """The database, empty."""
    with module_engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return module_engine


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def small_world(tmp_path: Path) -> Iterator[World]:
    """A world on SQLite alone, for what does not depend on the database."""
    engine = make_engine(f"sqlite:///{tmp_path / 'small.sqlite3'}")
    metadata.create_all(engine)
    yield World(engine)
    engine.dispose()


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.close()
