"""Column types as revisions write them. Frozen like the revisions: a type that must change gets a new name beside the old."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DIGEST = sa.LargeBinary(32).with_variant(mysql.VARBINARY(32), "mysql", "mariadb")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
LONG_BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def exact_text(length: int) -> sa.types.TypeEngine[str]:
    """Text compared byte by byte on every database."""
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    plain = sa.String(length).with_variant(exact, "mysql", "mariadb")
    return plain.with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
