"""Column types that hold the rules of storage: sealed text, blind indexes, UTC with microseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, Text
from sqlalchemy.dialects.mysql import DATETIME as MYSQL_DATETIME
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from ..keyring import Sealed

#: Surrogate keys. SQLite only numbers rows by itself for INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")


class EncryptedText(TypeDecorator[str]):
    """Text at rest that only takes :class:`~flask_w4r.keyring.Sealed` values, so plain text cannot slip in.

    Sealing and opening are done by services through the app's :class:`~flask_w4r.keyring.Keyring`; the models are
    shared by every app in the process and know no key.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("an EncryptedText column takes sealed values only: use keyring.seal()")
        return None if value is None else str(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Sealed | None:
        return None if value is None else Sealed(value)


class BlindIndex(TypeDecorator[bytes]):
    """32 bytes of HMAC or SHA-256. Binary, since text collations fold case."""

    impl = LargeBinary(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            from sqlalchemy.dialects.mysql import VARBINARY

            return dialect.type_descriptor(VARBINARY(32))
        return dialect.type_descriptor(LargeBinary(32))


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC with microseconds in the database."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(MYSQL_DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("naive datetime: the database takes aware ones only")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)
