"""Our tables in a database: which revision they are at, and how they get to another one.

Every function takes an engine; none needs Flask. Changes run under a lock, so two processes may start at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, Engine, inspect, select
from sqlalchemy.exc import DBAPIError

from ...errors import SchemaError
from ...models import metadata, version_table
from ...models.base import VERSION_TABLE
from . import compare
from .lock import exclusive

if TYPE_CHECKING:
    # Alembic is imported where it is used: a web worker that never upgrades need not load it.
    from alembic.config import Config

State = Literal["absent", "current", "behind", "unstamped", "different", "ahead"]
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@dataclass(frozen=True)
class SchemaStatus:
    """Where our tables stand.

    ``state``: ``absent`` (none there), ``current``, ``behind`` (revisions are pending), ``ahead`` (made by a newer
    version of the library), ``unstamped`` (made by ``create_all``, as the models want them), ``different`` (made by
    something else: ``problems`` says how they differ).
    """

    state: State
    current: str | None
    head: str | None
    problems: tuple[str, ...] = ()


def status(engine: Engine) -> SchemaStatus:
    """Say which revision the tables are at.

    Two small statements where they are stamped; only tables without a stamp are compared with the models.

    :param engine: where our tables are, or are to be.
    """
    with engine.connect() as connection:
        return _status(connection)


def upgrade(engine: Engine, revision: str = "head") -> list[str]:
    """Bring the tables to a revision. Tables that stand unstamped and as the models want them are stamped.

    :param engine: where our tables are, or are to be.
    :param revision: a revision of ours; default: the newest.
    :returns: the revisions that were applied, oldest first.
    :raises SchemaError: the tables are not ones we know how to upgrade; nothing was changed.
    """
    with exclusive(engine) as connection:
        now = _status(connection)
        if now.state == "different":
            raise SchemaError(
                "the database has tables of ours that none of our revisions created, and they differ from the models:\n"
                + "\n".join(f"  - {problem}" for problem in now.problems)
                + "\nchange them to match the models, or move them away if nothing needs them; then upgrade again"
            )
        _refuse_newer(now)
        if now.state == "unstamped":
            _run_alembic(connection, "stamp", "head")
            return []
        pending = _path(now.current, _resolve(revision))
        if now.state == "behind":
            _clear_the_way(connection, pending)
        if pending:
            _run_alembic(connection, "upgrade", pending[-1])
        return pending


def downgrade(engine: Engine, revision: str) -> list[str]:
    """Take the tables back to a revision. What the revisions since then brought is lost, with the data in it.

    :param engine: where our tables are.
    :param revision: a revision of ours, or ``base`` for no tables at all.
    :returns: the revisions that were taken back, newest first.
    :raises SchemaError: the tables carry no stamp of ours, they are already older, or the database refused.
    """
    with exclusive(engine) as connection:
        now = _status(connection)
        _refuse_newer(now)
        if now.current is None:
            raise SchemaError(f"the tables are {now.state}: only tables that 'upgrade' created can be downgraded")
        target = None if revision == "base" else _resolve(revision)
        undone = _path(target, now.current)[::-1]
        if not undone and target != now.current:
            raise SchemaError(f"the tables are at {now.current}, which is older than {revision}")
        if undone:
            _run_alembic(connection, "downgrade", target or "base")
        return undone


def check(engine: Engine) -> list[str]:
    """Say everything that is not as this version of the library wants it.

    :param engine: where our tables are.
    :returns: a sentence each; nothing when all is well.
    """
    with engine.connect() as connection:
        now = _status(connection)
        if now.state == "absent":
            return ["none of our tables exist; run 'flask w4r db upgrade'"]
        found = list(now.problems)
        if now.state == "behind":
            found.append(f"the tables are at {now.current}, this version needs {now.head}; run 'flask w4r db upgrade'")
        elif now.state == "unstamped":
            found.append("the tables have no version stamp of ours; run 'flask w4r db upgrade'")
        return found if now.state == "different" else found + compare.differences(connection)


def revisions() -> dict[str, tuple[str, ...]]:
    """Every revision of ours, oldest first, with the tables it brings."""
    return dict(_revisions(MIGRATIONS))


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our revisions on a connection, without any file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["options"] = {"version_table": VERSION_TABLE}
    return config


def _status(connection: Connection) -> SchemaStatus:
    known = list(_revisions(MIGRATIONS))
    head = known[-1] if known else None
    stamps: list[str] = []
    if inspect(connection).has_table(VERSION_TABLE):
        stamps = sorted(connection.scalars(select(version_table.c.version_num)))
    if len(stamps) > 1:
        return SchemaStatus("different", None, head, (f"{VERSION_TABLE} contains several stamps: {', '.join(stamps)}",))
    if stamps:
        current = stamps[0]
        if current == head:
            return SchemaStatus("current", current, head)
        if current in known:
            return SchemaStatus("behind", current, head)
        return SchemaStatus("ahead", current, head, (f"revision {current} belongs to a newer version of the library",))
    if not compare.standing_tables(connection):
        return SchemaStatus("absent", None, head)
    problems = tuple(compare.differences(connection))
    return SchemaStatus("different" if problems else "unstamped", None, head, problems)


def _refuse_newer(now: SchemaStatus) -> None:
    if now.state == "ahead":
        raise SchemaError(f"{now.problems[0]}, which this one does not know; install that version")


def _clear_the_way(connection: Connection, pending: list[str]) -> None:
    """Drop empty tables that a host's ``create_all`` made before their revision ran.

    :raises SchemaError: one of them holds rows already.
    """
    brought = {table for revision in pending for table in _revisions(MIGRATIONS)[revision]}
    early = [table for table in reversed(metadata.sorted_tables) if table.name in brought]
    standing = compare.standing_tables(connection)
    early = [table for table in early if table.name in standing]
    full = [table.name for table in early if connection.execute(select(1).select_from(table).limit(1)).first()]
    if full:
        raise SchemaError(
            "these tables were created before their revision ran and already contain rows; move the rows away first: "
            + ", ".join(sorted(full))
        )
    for table in early:
        table.drop(connection)


def _resolve(revision: str) -> str:
    """The full name of a revision of ours."""
    known = list(_revisions(MIGRATIONS))
    if revision == "head" and known:
        return known[-1]
    if revision not in known:
        raise SchemaError(f"there is no revision {revision!r}; there are: {', '.join(known)}")
    return revision


def _path(after: str | None, upto: str | None) -> list[str]:
    """The revisions after one and up to another, oldest first; none when the second is not the later one."""
    known = list(_revisions(MIGRATIONS))
    start = known.index(after) + 1 if after else 0
    return known[start : known.index(upto) + 1] if upto else []


def _run_alembic(connection: Connection, name: Literal["upgrade", "downgrade", "stamp"], revision: str) -> None:
    from alembic import command

    try:
        getattr(command, name)(alembic_config(connection), revision)
    except DBAPIError as error:
        # No row of anybody's is in what a change of the tables is told; it names tables, and who refers to them.
        raise SchemaError(f"the database refused: {''.join(str(error.orig).splitlines()[:1])}") from error


@cache
def _revisions(location: Path) -> MappingProxyType[str, tuple[str, ...]]:
    from alembic.script import ScriptDirectory

    found: dict[str, Any] = {item.revision: item.module for item in ScriptDirectory(str(location)).walk_revisions()}
    return MappingProxyType({name: tuple(module.creates) for name, module in reversed(found.items())})
