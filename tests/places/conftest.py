from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from flask_w4r.models.base import Base
from tests.databases import Supply

from .world import TABLES, some_towns, store


@pytest.fixture
def session(database: str, supply: Supply) -> Iterator[Session]:
    supply.begin(database, tables=True)
    engine = create_engine(database)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Some countries' towns, for tests that only read."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('places') / 'world.sqlite3'}")
    Base.metadata.create_all(engine, tables=TABLES)
    with Session(engine) as session:
        store(session, some_towns())
        session.commit()
        yield session
    engine.dispose()
