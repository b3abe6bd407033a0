"""Databases for tests: our tables are made once in a process, and given out again and again, clean.

A test that asks for ``database`` and makes a site with our tables gets a database where they stand already: a copy of a
prepared file on SQLite, and on the servers one that was wiped after the test before. Whoever asks for an empty database
gets an empty one. What cannot be shown to be clean is thrown away: a database whose tables were changed, or to which
somebody is still connected.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_w4r import W4R
from flask_w4r.keyring import generate_key
from tests.database_servers import SERVERS, Server

#: What a database of a server is for. Our tables stand in the first; the second has nothing in it.
PREPARED, EMPTY = "prepared", "empty"


def upgrade(url: str) -> None:
    """Make our tables by the command itself, and leave no connection."""
    app = Flask("upgraded")
    keys = {"W4R_ENCRYPTION_KEYS": generate_key(), "W4R_INDEX_KEY": generate_key()}
    app.config.update(TESTING=True, SQLALCHEMY_DATABASE_URI=url, W4R_SECTION="AU", **keys)
    db = SQLAlchemy(app)
    W4R(app, db)
    result = app.test_cli_runner().invoke(args=["w4r", "db", "upgrade"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        db.engine.dispose()


class Given(ABC):
    """A database that a test was given."""

    def __init__(self, url: str) -> None:
        self.url, self.untouched = url, True

    @abstractmethod
    def begin(self, *, tables: bool) -> bool:
        """A first site begins here, with our tables or with nothing. Returns whether our tables stand there now."""


class GivenFile(Given):
    """An SQLite file, which is not there until a site begins."""

    def __init__(self, path: Path, template: Callable[[], Path]) -> None:
        super().__init__(f"sqlite:///{path}")
        self.path, self.template = path, template

    def begin(self, *, tables: bool) -> bool:
        if not tables or self.path.exists():
            return False
        shutil.copyfile(self.template(), self.path)
        return True


class GivenDatabase(Given):
    """A database of a server."""

    def __init__(self, server: Server, name: str, kind: str) -> None:
        super().__init__(server.url(name))
        self.server, self.name, self.kind = server, name, kind

    def begin(self, *, tables: bool) -> bool:
        if tables or self.kind == EMPTY:
            return self.kind == PREPARED
        self.server.clear(self.name)
        self.kind = EMPTY
        return False


class Supply:
    """The databases of this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given: dict[str, Given] = {}
        self.free: dict[tuple[str, str], list[str]] = {}
        self.servers: dict[str, Server] = {}

    def template(self) -> Path:
        """An SQLite file with all our tables, to be copied."""
        path = self.folder / "upgraded.sqlite3"
        if not path.exists():
            upgrade(f"sqlite:///{path}")
        return path

    def server(self, kind: str) -> Server:
        """A server, with what dead runs left on it removed, and a template of our tables."""
        if kind not in self.servers:
            server = SERVERS[kind]()
            server.remove_stale()
            self.servers[kind] = server
        return self.servers[kind]

    @contextmanager
    def lend(self, kind: str, path: Path, *, tables: bool = False) -> Iterator[str]:
        """The URL of a database for one test.

        :param path: the file, if it is one of SQLite.
        :param tables: a site may ask :meth:`begin` for our tables; until then nobody looks. Else it is empty.
        """
        given = GivenFile(path, self.template) if kind == "sqlite" else self._take(kind, PREPARED if tables else EMPTY)
        self.given[given.url] = given
        try:
            yield given.url
        finally:
            del self.given[given.url]
            if isinstance(given, GivenDatabase):
                self._give_back(given)

    def begin(self, url: str, *, tables: bool) -> bool:
        """A site begins on a database. Returns whether our tables are there, as fresh as ``flask w4r db upgrade`` is."""
        if url.startswith("sqlite:////") and url not in self.given:
            return GivenFile(Path(url.removeprefix("sqlite:///")), self.template).begin(tables=tables)
        given = self.given.get(url)
        if given is None or not given.untouched:
            return False
        given.untouched = False
        return given.begin(tables=tables)

    def _take(self, kind: str, wanted: str) -> GivenDatabase:
        server = self.server(kind)
        if free := self.free.get((kind, wanted)):
            return GivenDatabase(server, free.pop(), wanted)
        if wanted == PREPARED:
            server.prepare(upgrade)
            return GivenDatabase(server, server.copy(), wanted)
        return GivenDatabase(server, server.create(), wanted)

    def _give_back(self, given: GivenDatabase) -> None:
        server, name = given.server, given.name
        clean = server.wipe(name) if given.kind == PREPARED else server.clear(name)
        if clean:
            self.free.setdefault((server.kind, given.kind), []).append(name)
        else:
            server.drop(name)

    def close(self) -> None:
        """Drop everything that this process made."""
        for server in self.servers.values():
            server.close()
