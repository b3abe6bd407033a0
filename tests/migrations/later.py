"""The library one version later, and other shapes that our tables may be found in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Index, MetaData, PrimaryKeyConstraint, String, Table, inspect
from sqlalchemy.sql.elements import conv

from flask_w4r import models
from flask_w4r.services.storage import schema

LATER_REVISION = "9999"
LATER_TEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None
creates = ("w4r_later",)


def upgrade():
    op.create_table(
        "w4r_later",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("word", sa.String(20), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_w4r_later")),
    )
    op.create_index(op.f("ix_w4r_later_word"), "w4r_later", ["word"])
    with op.batch_alter_table("w4r_day_key") as batch:
        batch.add_column(sa.Column("note", sa.String(20), nullable=True))


def downgrade():
    with op.batch_alter_table("w4r_day_key") as batch:
        batch.drop_column("note")
    op.drop_table("w4r_later")
"""


def copied_metadata() -> MetaData:
    """Our tables in a metadata of their own, to be changed at will."""
    metadata = MetaData()
    for table in models.metadata.sorted_tables:
        table.to_metadata(metadata)
    return metadata


def later_metadata() -> MetaData:
    """Our tables as the later version's models declare them."""
    metadata = copied_metadata()
    metadata.tables["w4r_day_key"].append_column(Column("note", String(20), nullable=True))
    Table(
        "w4r_later",
        metadata,
        Column("name", String(20), nullable=False),
        Column("word", String(20), nullable=True),
        PrimaryKeyConstraint("name", name=conv("pk_w4r_later")),
        Index(conv("ix_w4r_later_word"), "word"),
    )
    return metadata


def copy_revisions(folder: Path) -> Path:
    """Copy our revisions to a folder and add the later version's."""
    head = list(schema.revisions())[-1]
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "r9999_later.py").write_text(LATER_TEXT.format(head=head))
    return folder


def picture(engine: Engine) -> dict[str, Any]:
    """Everything the database says of the tables that stand in it, apart from Alembic's stamp."""
    inspector = inspect(engine)
    return {
        name: {
            # By name: a column that a revision added stands last in the table, wherever the models declare it.
            "columns": {
                column["name"]: {key: str(value) for key, value in column.items() if key != "comment"}
                for column in inspector.get_columns(name)
            },
            "primary key": inspector.get_pk_constraint(name),
            "foreign keys": sorted(inspector.get_foreign_keys(name), key=lambda key: str(key["name"])),
            "indexes": sorted(map(_plain, inspector.get_indexes(name)), key=lambda index: str(index["name"])),
            "unique": sorted(inspector.get_unique_constraints(name), key=lambda unique: str(unique["name"])),
            "checks": sorted(inspector.get_check_constraints(name), key=lambda check: str(check["name"])),
        }
        for name in inspector.get_table_names()
        if name != "w4r_alembic_version"
    }


def _plain(index: Any) -> dict[str, Any]:
    # A partial index's condition comes as a clause, and no two clauses are equal.
    return {**index, "dialect_options": {key: str(value) for key, value in index.get("dialect_options", {}).items()}}
