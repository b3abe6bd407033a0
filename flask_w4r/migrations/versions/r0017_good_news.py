"""Of which cases good news was mailed, and how far it came.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID, MOMENT

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_good_news",)


def upgrade() -> None:
    op.create_table(
        "w4r_good_news",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, autoincrement=False, nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_good_news_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_w4r_good_news")),
    )
    op.create_index(op.f("ix_w4r_good_news_open"), "w4r_good_news", ["finished_at"])


def downgrade() -> None:
    op.drop_table("w4r_good_news")
