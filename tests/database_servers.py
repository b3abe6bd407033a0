"""PostgreSQL and MariaDB as tests use them: databases made from a template, wiped, emptied, and dropped in the end."""

from __future__ import annotations

import os
import platform
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from flask_w4r.models import metadata
from tests import services

#: Of this machine: the process ids in the names are its own.
MARK = f"w4r_t_{sha256(platform.node().encode()).hexdigest()[:6]}"
#: Our tables in an order in which their rows can go.
TABLES = [table.name for table in reversed(metadata.sorted_tables)]


def process_lives(number: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Server(ABC):
    """A database server. The names of its databases say which process made them."""

    kind: str
    #: What stands behind the name of a database that is made, and of one that is dropped.
    creation = force = ""
    list_databases: str
    #: How many other clients a database has.
    count_others: str

    def __init__(self, admin: str) -> None:
        self.admin = make_url(admin)
        self.made: list[str] = []
        self.number = 0
        self.template = ""
        #: Rows that the revisions put in.
        self.seeds: dict[str, list[tuple[Any, ...]]] = {}
        self.shapes: dict[str, Any] = {}

    def url(self, name: str) -> str:
        """The URL of a database."""
        return self.admin.set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def connect(self, name: str | None = None) -> Iterator[Connection]:
        """A connection that commits each statement, to a database or as the administrator."""
        engine = create_engine(self.url(name) if name else self.admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            yield connection

    def create(self, more: str = "") -> str:
        """Make a database."""
        self.number += 1
        name = f"{MARK}_{os.getpid()}_{self.number}"
        with self.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}{self.creation}{more}")
        self.made.append(name)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        with self.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{self.force}")
        self.made = [other for other in self.made if other != name]

    def remove_stale(self) -> None:
        """Drop what processes left that are no more."""
        with self.connect() as connection:
            names = [str(row[0]) for row in connection.exec_driver_sql(self.list_databases)]
        for name in names:
            if name.startswith(f"{MARK}_") and not process_lives(int(name.removeprefix(f"{MARK}_").split("_")[0])):
                self.drop(name)

    def close(self) -> None:
        """Drop what this process made."""
        for name in list(self.made):
            self.drop(name)

    def prepare(self, upgrade: Callable[[str], None]) -> None:
        """Make the template, once."""
        if not self.template:
            name = self.create()
            upgrade(self.url(name))
            with self.connect(name) as connection:
                for table in self.tables(connection):
                    rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                    if rows:
                        self.seeds[table] = [tuple(row) for row in rows]
            self.template = name

    def left_alone(self, connection: Connection, name: str) -> bool:
        """Whether nobody else is connected to a database. Servers notice that somebody has gone a moment later."""
        deadline = time.monotonic() + 2
        while connection.exec_driver_sql(self.count_others, (name,)).scalar():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def copy(self) -> str:
        """A new database with our tables."""
        name = self.make_copy()
        with self.connect(name) as connection:
            self.shapes[name] = self.shape(connection)
        return name

    def wipe(self, name: str) -> bool:
        """Bring a copy back to what the template is. Returns whether it is that now; else it can only be dropped."""
        try:
            with self.connect(name) as connection:
                if not self.left_alone(connection, name) or self.shape(connection) != self.shapes[name]:
                    return False
                self.empty_tables(connection)
                for table, rows in self.seeds.items():
                    marks = ", ".join(["%s"] * len(rows[0]))
                    connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", rows)
                return True
        except SQLAlchemyError:
            return False

    @abstractmethod
    def tables(self, connection: Connection) -> list[str]:
        """The tables of a database; its rows can go in this order."""

    @abstractmethod
    def make_copy(self) -> str:
        """A new database like the template."""

    @abstractmethod
    def clear(self, name: str) -> bool:
        """Take everything out of a database, also the tables. Returns whether that is done; else it must be dropped."""

    @abstractmethod
    def shape(self, connection: Connection) -> Any:
        """What the tables are like. It differs as soon as anybody has changed one."""

    @abstractmethod
    def empty_tables(self, connection: Connection) -> None:
        """Take all rows out; the numbers begin with one again."""


class PostgreSQL(Server):
    """A database is copied from the template by the server, and loses at most what a crash of the server loses."""

    kind, force = "postgresql", " WITH (FORCE)"
    list_databases = "SELECT datname FROM pg_database"
    count_others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    #: Every definition is a row here, and whoever changes it leaves the number of a transaction in it.
    catalogues = {
        "pg_class": "oid", "pg_attribute": "attrelid", "pg_attrdef": "oid", "pg_constraint": "oid",
        "pg_index": "indexrelid", "pg_trigger": "oid", "pg_proc": "oid", "pg_type": "oid",
    }  # fmt: skip
    own_schemas = (
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'"
    )

    def __init__(self) -> None:
        super().__init__(services.POSTGRES)

    def create(self, more: str = "") -> str:
        name = super().create(more)
        with self.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        return name

    def make_copy(self) -> str:
        return self.create(f" TEMPLATE {self.template}")

    def tables(self, connection: Connection) -> list[str]:
        return self._names(connection, "r")

    def _names(self, connection: Connection, kind: str) -> list[str]:
        found = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relkind = %s AND relnamespace = 'public'::regnamespace", (kind,)
        ).scalars()
        return sorted(found, key=lambda name: TABLES.index(name) if name in TABLES else len(TABLES))

    def shape(self, connection: Connection) -> Any:
        parts = [
            f"SELECT '{table}', count(*), sum(hashint8({column}::bigint * 1000003 + xmin::text::bigint)::numeric)"
            f" FROM {table}"
            for table, column in self.catalogues.items()
        ]
        schemas = connection.exec_driver_sql(self.own_schemas).scalars().all()
        return schemas, connection.exec_driver_sql(" UNION ALL ".join(parts)).all()

    def empty_tables(self, connection: Connection) -> None:
        statements = [f"DELETE FROM {table}" for table in self._names(connection, "r")]
        statements += [f"SELECT setval('{name}', 1, false)" for name in self._names(connection, "S")]
        connection.exec_driver_sql("; ".join(["BEGIN", *statements, "COMMIT"]))

    def clear(self, name: str) -> bool:
        with self.connect(name) as connection:
            if not self.left_alone(connection, name):
                return False
            schemas = connection.exec_driver_sql(self.own_schemas).scalars().all()
            drops = [f'DROP SCHEMA "{schema}" CASCADE' for schema in schemas]
            connection.exec_driver_sql("; ".join(["BEGIN", *drops, "CREATE SCHEMA public", "COMMIT"]))
        return True


class MariaDB(Server):
    """A database is made by the statements that would make the template's tables as they are."""

    kind, creation = "mariadb", " CHARACTER SET utf8mb4"
    list_databases = "SHOW DATABASES"
    count_others = "SELECT count(*) FROM information_schema.processlist WHERE db = %s AND id <> connection_id()"

    def __init__(self) -> None:
        super().__init__(services.MARIADB)

    def tables(self, connection: Connection) -> list[str]:
        found = connection.exec_driver_sql("SHOW TABLES").scalars()
        return sorted(found, key=lambda name: TABLES.index(name) if name in TABLES else len(TABLES))

    def drop(self, name: str) -> None:
        with self.connect() as connection:
            others = connection.exec_driver_sql("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
            for number in others.scalars().all():
                # It may have ended by itself meanwhile.
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql(f"KILL {number}")
        super().drop(name)

    def make_copy(self) -> str:
        with self.connect(self.template) as connection:
            statements = list(self._definitions(connection).values())
        name = self.create()
        with self.connect(name) as connection:
            connection.exec_driver_sql("SET foreign_key_checks = 0")
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))
            for table, rows in self.seeds.items():
                marks = ", ".join(["%s"] * len(rows[0]))
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", rows)
        return name

    def _definitions(self, connection: Connection) -> dict[str, str]:
        found = {}
        for table in self.tables(connection):
            found[table] = str(connection.exec_driver_sql(f"SHOW CREATE TABLE `{table}`").one()[1])
        return found

    def shape(self, connection: Connection) -> Any:
        triggers = connection.exec_driver_sql("SHOW TRIGGERS").all()
        definitions = self._definitions(connection)
        return triggers, {name: re.sub(r" AUTO_INCREMENT=\d+", "", text) for name, text in definitions.items()}

    def empty_tables(self, connection: Connection) -> None:
        definitions = self._definitions(connection)
        questions = ", ".join(f"EXISTS (SELECT 1 FROM {name})" for name in definitions)
        written = connection.exec_driver_sql(f"SELECT {questions}").one()
        for name, has_rows in zip(definitions, written, strict=True):
            if has_rows:
                connection.exec_driver_sql(f"DELETE FROM {name}")
        for name, text in definitions.items():
            if re.search(r" AUTO_INCREMENT=\d+", text):
                connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = 1")

    def clear(self, name: str) -> bool:
        with self.connect(name) as connection:
            if not self.left_alone(connection, name):
                return False
            if connection.exec_driver_sql("SHOW TABLES").first():
                connection.exec_driver_sql(f"DROP DATABASE {name}")
                connection.exec_driver_sql(f"CREATE DATABASE {name}{self.creation}")
        return True


SERVERS: dict[str, Callable[[], Server]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}
