from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from flask_w4r.models.base import Base

from .servers import CuttableProxy, FakeHCaptcha

REDIS_URL = os.environ.get("W4R_TEST_REDIS_URL", "redis://127.0.0.1:6379")
REDIS_PREFIX = f"w4r-antiabuse-{secrets.token_hex(6)}"
DATABASES = {
    "postgresql": os.environ.get("W4R_TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1/test"),
    "mariadb": os.environ.get("W4R_TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1/test?charset=utf8mb4"),
}


@pytest.fixture(scope="module")
def hcaptcha() -> Iterator[FakeHCaptcha]:
    """A fake hCaptcha on loopback whose path chooses how it behaves."""
    server = FakeHCaptcha()
    yield server
    server.close()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A real Redis; what the test counted there goes with it."""
    import redis

    with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=1) as client:
        try:
            client.ping()
        except redis.RedisError:
            pytest.skip("no Redis")
        yield REDIS_URL
        if keys := list(client.scan_iter(f"{REDIS_PREFIX}*")):
            client.delete(*keys)


@pytest.fixture
def redis_limiter(redis_url: str) -> Iterator[Limiter]:
    limiter = make_limiter(redis_url)
    yield limiter
    redis_client(limiter).close()


@pytest.fixture
def memory_limiter() -> Limiter:
    return make_limiter("memory://")


@pytest.fixture
def redis_proxy(redis_url: str) -> Iterator[CuttableProxy]:
    """A way to Redis that can be cut and mended."""
    url = make_url(redis_url)
    proxy = CuttableProxy(url.host or "127.0.0.1", url.port or 6379)
    yield proxy
    proxy.close()


def redis_client(limiter: Limiter) -> Any:
    """The client under a limiter, for tests that look at what is stored."""
    storage: Any = limiter.storage
    return storage.storage


def make_limiter(uri: str, **config: object) -> Limiter:
    app = Flask("host")
    options = {} if uri == "memory://" else {"key_prefix": REDIS_PREFIX}
    app.config.update(RATELIMIT_STORAGE_URI=uri, RATELIMIT_STORAGE_OPTIONS=options, **config)
    return Limiter(lambda: "nobody", app=app)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of our tables on each kind of server that is there."""
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'keys.sqlite3'}")
        Base.metadata.create_all(engine)
        yield engine
        engine.dispose()
        return
    name = f"w4r_antiabuse_{secrets.token_hex(4)}"
    url = make_url(DATABASES[request.param])
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        pytest.skip(f"no {request.param}")
    engine = create_engine(url.set(database=name))
    try:
        Base.metadata.create_all(engine)
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()
