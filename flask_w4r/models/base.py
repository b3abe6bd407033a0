"""The declarative base. Our own metadata; every name given by hand so that a host's convention cannot rename it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.elements import conv

from .types import EncryptedText

VERSION_TABLE = "w4r_alembic_version"


class Base(DeclarativeBase):
    """Base of every table of ours."""

    metadata = MetaData()


def unique(name: str, *columns: str) -> UniqueConstraint:
    """A unique constraint whose name stands as given."""
    return UniqueConstraint(*columns, name=conv(f"uq_w4r_{name}"))


def index(name: str, *columns: Any, **options: Any) -> Index:
    """An index whose name stands as given."""
    return Index(conv(f"ix_w4r_{name}"), *columns, **options)


def one_of(name: str, column: str, values: Iterable[str]) -> CheckConstraint:
    """A CHECK that holds a string column to an enumeration."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=conv(f"ck_w4r_{name}"))


def foreign(name: str, column: str, target: str, ondelete: str = "CASCADE") -> ForeignKeyConstraint:
    """A named foreign key to one of our own tables (never to the host's)."""
    return ForeignKeyConstraint([column], [target], name=conv(f"fk_w4r_{name}"), ondelete=ondelete)


def primary(name: str, *columns: str) -> PrimaryKeyConstraint:
    """A named primary key."""
    return PrimaryKeyConstraint(*columns, name=conv(f"pk_w4r_{name}"))


def sealed_columns() -> list[Column[Any]]:
    """Every column that holds sealed text, for key rotation."""
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    ]
