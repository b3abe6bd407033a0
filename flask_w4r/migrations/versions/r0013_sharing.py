"""What came of telling others: numbers by case, source and day.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_share_count",)


def upgrade() -> None:
    op.create_table(
        "w4r_share_count",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("variant", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('visit', 'action')", name=op.f("ck_w4r_share_count_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_share_count_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "day", "source", "variant", "kind", name=op.f("pk_w4r_share_count")),
    )
    op.create_index(op.f("ix_w4r_share_count_section"), "w4r_share_count", ["section", "day"])


def downgrade() -> None:
    op.drop_table("w4r_share_count")
