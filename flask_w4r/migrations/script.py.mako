"""${message}.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql, postgresql

revision = ${config.attributes["quote"](up_revision)}
down_revision = ${config.attributes["quote"](down_revision)}
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ${config.attributes["creates"]()}

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


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
