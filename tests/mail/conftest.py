from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests import services
from tests.conftest import DATABASES
from tests.databases import Supply

from .sink import Sink
from .world import World, make_engine


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[Engine]:
    """A database of our tables on each kind of server."""
    services.need(request.param)
    with supply.lend(request.param, tmp_path / "mail.sqlite3", tables=True) as url:
        supply.begin(url, tables=True)
        engine = make_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def database_url(engine: Engine) -> str:
    """Where that database is, for processes of their own."""
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def small_world(upgraded_database: str) -> Iterator[World]:
    """A world on SQLite alone, for what does not depend on the database."""
    engine = make_engine(upgraded_database)
    yield World(engine)
    engine.dispose()


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.close()
