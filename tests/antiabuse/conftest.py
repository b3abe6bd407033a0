from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from tests import services
from tests.conftest import DATABASES
from tests.databases import Supply

from .servers import CuttableProxy, FakeHCaptcha

REDIS_URL = services.REDIS.rpartition("/")[0]
REDIS_PREFIX = f"w4r-antiabuse-{secrets.token_hex(6)}"


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

    services.need("redis")
    with redis.Redis.from_url(REDIS_URL, socket_connect_timeout=1) as client:
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


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[Engine]:
    """A database of our tables on each kind of server."""
    services.need(request.param)
    with supply.lend(request.param, tmp_path / "keys.sqlite3", tables=True) as url:
        supply.begin(url, tables=True)
        engine = create_engine(url)
        yield engine
        engine.dispose()
