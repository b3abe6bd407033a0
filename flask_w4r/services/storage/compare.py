"""What differs between the tables that stand in a database and the ones our models declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, Connection, Inspector, inspect
from sqlalchemy.dialects.mysql import DATETIME, LONGTEXT

from ...models import metadata
from ...models.base import VERSION_TABLE

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_OUR_INDEX = re.compile(r"(ix|uq)_w4r_")
_CHANGES = {
    "modify_type": "has the type {}, not {}",
    "modify_nullable": "has nullable={}, not {}",
    "modify_default": "has the default {}, not {}",
}


def our_tables() -> set[str]:
    """The names of our tables, Alembic's own left out."""
    return set(metadata.tables) - {VERSION_TABLE}


def options() -> dict[str, Any]:
    """How Alembic is to compare: our tables only, and types without mistaking one spelling for another."""
    return {"compare_type": same_type, "include_name": _include_name, "include_object": _include_object}


def same_type(
    context: MigrationContext, _inspected: Any, column: Any, inspected_type: Any, metadata_type: Any
) -> bool | None:
    """Alembic's ``compare_type``: whether the types differ; ``None`` lets Alembic look."""
    # MariaDB's JSON is another name for LONGTEXT.
    if isinstance(metadata_type, JSON) and isinstance(inspected_type, LONGTEXT):
        return False
    # Alembic does not look at the fractions of a second.
    if isinstance(inspected_type, DATETIME):
        have, want = (kind.compile(dialect=context.dialect) for kind in (inspected_type, metadata_type))
        return bool(have != want)
    return None


def standing_tables(connection: Connection) -> set[str]:
    """Those of our tables that stand in the database."""
    return our_tables() & set(inspect(connection).get_table_names())


def differences(connection: Connection) -> list[str]:
    """Say what differs, a sentence each, between our tables in the database and our models.

    :param connection: where to look; nothing is changed.
    :returns: nothing when the tables are the ones the models declare.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={**options(), "version_table": VERSION_TABLE})
    found = [line for diff in compare_metadata(context, metadata) for line in _sentences(diff)]
    inspector = inspect(connection)
    for name in sorted(standing_tables(connection)):
        found += _keys_and_checks(inspector, name)
    return found


def _include_name(name: str | None, type_: str, parents: Any) -> bool:
    return type_ != "table" or name in our_tables()


def _include_object(item: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    if type_ == "table":
        return name in our_tables()
    # An index that a site added for its own reports is no fault of the schema.
    return not (type_ == "index" and reflected and compare_to is None and not _our_index(item))


def _our_index(index: Any) -> bool:
    return bool(index.unique or _OUR_INDEX.match(index.name or ""))


def _sentences(diff: Any) -> Iterator[str]:
    """One of Alembic's findings, in words."""
    if isinstance(diff, list):
        for kind, _schema, table, column, _existing, have, want in diff:
            yield f"column {table}.{column} " + _CHANGES.get(kind, f"differs ({kind}): {{}}, not {{}}").format(
                have, want
            )
        return
    kind, item = diff[0], diff[-1]
    state = "is missing" if kind.startswith("add_") else "is not ours"
    if kind.endswith("_table"):
        yield f"table {item.name} {state}"
    elif kind.endswith("_column"):
        yield f"column {diff[2]}.{item.name} {state}"
    else:
        what = {"index": "index", "fk": "foreign key"}.get(kind.split("_", 1)[1], "constraint")
        yield f"{what} {item.name} on {item.table.name} {state}"


def _keys_and_checks(inspector: Inspector, name: str) -> Iterator[str]:
    """What Alembic does not look at: primary keys, and the values that a CHECK allows."""
    table = metadata.tables[name]
    have_key = inspector.get_pk_constraint(name)["constrained_columns"]
    want_key = [column.name for column in table.primary_key.columns]
    if have_key != want_key:
        yield f"primary key of {name} is ({', '.join(have_key)}), not ({', '.join(want_key)})"
    have = {str(check["name"]): _literals(check["sqltext"]) for check in inspector.get_check_constraints(name)}
    want = {
        str(check.name): _literals(str(check.sqltext))
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    for check in sorted(want):
        if check not in have:
            yield f"check {check} on {name} is missing"
        elif have[check] != want[check]:
            yield f"check {check} on {name} allows {', '.join(have[check])}, not {', '.join(want[check])}"
    for check in sorted(set(have) - set(want)):
        if check.startswith("ck_w4r_"):
            yield f"check {check} on {name} is not ours"


def _literals(sql: str) -> list[str]:
    # Each database writes IN (...) in its own way; the values are what the constraint is about.
    return sorted(re.findall(r"'([^']*)'", sql))
