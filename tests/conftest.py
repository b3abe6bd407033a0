"""Real databases, fresh for each test; a host site around the library; Redis and Chromium that must be there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import settings
from sqlalchemy import text

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from flask_w4r.testing import RecordingMailer, take_in
from tests import quick_age, services
from tests.databases import Supply
from tests.shortcuts import METADATA, Shared, share_templates

pytest_plugins = ["tests.spread", "tests.markup"]
# Where every service is required (CI) a run is judged, so it tries the same examples each time; elsewhere it explores.
settings.register_profile("judged", derandomize=services.REQUIRED)
settings.load_profile("judged")
#: Fixtures that put our tables into ``database``.
WITH_TABLES = {"make_host", "make_site", "session"}
DATABASES = ("sqlite", "postgresql", "mariadb")


@pytest.fixture(autouse=True)
def speaking_loggers() -> None:
    """A host's Alembic, run in this process, silences loggers that it does not know; Celery's worker quietens all."""
    logging.disable(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    for name, logger in logging.root.manager.loggerDict.items():
        if isinstance(logger, logging.Logger) and name.startswith(("flask_w4r", "werkzeug")):
            logger.disabled, logger.propagate = False, True
            if name.startswith("flask_w4r"):
                logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def supply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supply]:
    """The databases of this process."""
    made = Supply(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database; SQLite unless a test asks for others with ``every_database``.

    Our tables may stand there already where sites are made of it: :meth:`Supply.begin` says so to the first of them.
    """
    kind = getattr(request, "param", "sqlite")
    services.need(kind)
    tables = not WITH_TABLES.isdisjoint(request.fixturenames)
    with supply.lend(kind, tmp_path / "site.sqlite3", tables=tables) as url:
        yield url


@pytest.fixture
def upgraded_database(request: pytest.FixtureRequest, supply: Supply, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with our tables in it."""
    kind = getattr(request, "param", "sqlite")
    services.need(kind)
    with supply.lend(kind, tmp_path / "upgraded.sqlite3", tables=True) as url:
        supply.begin(url, tables=True)
        yield url


@pytest.fixture
def quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is encrypted with a passphrase is opened at once; age would take a second or more each time."""
    monkeypatch.setattr("pyrage.passphrase.encrypt", quick_age.encrypt)


#: Run a test on SQLite, PostgreSQL and MariaDB.
every_database = pytest.mark.parametrize("database", DATABASES, indirect=True)


class Host:
    """A host site with the library in it."""

    def __init__(self, app: Flask, db: SQLAlchemy, mailer: RecordingMailer, w4r: W4R) -> None:
        self.app, self.db, self.mailer, self.w4r = app, db, mailer, w4r

    @property
    def engine(self) -> Any:
        """The host's own engine."""
        with self.app.app_context():
            return self.db.engine

    def rows(self, sql: str, **values: Any) -> list[Any]:
        """What the database says, asked directly, once the worker has looked at what forms wrote down."""
        take_in(self.app)
        with self.engine.connect() as connection:
            return list(connection.execute(text(sql), values).all())

    def run(self, *args: str) -> Any:
        """Run a command of the site; it must succeed."""
        result = self.app.test_cli_runner().invoke(args=list(args))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result


MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(database: str, supply: Supply) -> Iterator[MakeHost]:
    """Make host sites. Keyword arguments are ``W4R_*`` keys in lower case, without the prefix, or whole config keys."""
    hosts: list[Host] = []

    def make(uri: str | None = None, *, upgrade: bool = True, w4r: W4R | None = None, **config: Any) -> Host:
        app = Flask("host_site", root_path=str(Path(__file__).parent / "host_files"))
        settings: dict[str, Any] = {
            "SECRET_KEY": "only for tests",
            "TESTING": True,
            "SQLALCHEMY_DATABASE_URI": uri or database,
            # As many as by default, but all of them stay open: a thread does not open one anew for each step.
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 15, "max_overflow": 0},
            "W4R_ENCRYPTION_KEYS": [generate_key()],
            "W4R_INDEX_KEY": generate_key(),
            "W4R_MAIL_SENDER": "Write for Rights <w4r@example.org>",
            "W4R_BASE_URL": "http://localhost",
            "W4R_FORM_MIN_SECONDS": 0,
        }
        for key, value in config.items():
            settings[key if key.isupper() else f"W4R_{key.upper()}"] = value
        if "W4R_SECTIONS" not in settings:
            settings.setdefault("W4R_SECTION", {"preset": "AU", "url_prefix": "/au"})
        app.config.update(settings)
        own_bind = "W4R_BIND_KEY" in settings or "SQLALCHEMY_BINDS" in settings
        ready = supply.begin(settings["SQLALCHEMY_DATABASE_URI"], tables=upgrade and not own_bind)
        db = Shared(app) if own_bind else Shared(app, metadata=METADATA)
        mailer = RecordingMailer()
        extension = w4r or W4R(mailer=mailer)
        extension.init_app(app, db)
        share_templates(app)
        host = Host(app, db, mailer, extension)
        hosts.append(host)
        if upgrade and not ready:
            host.run("w4r", "db", "upgrade")
        return host

    yield make
    for host in hosts:
        with host.app.app_context():
            for engine in host.db.engines.values():
                engine.dispose()


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host site with one Australian section at ``/au`` and migrated tables."""
    return make_host()
