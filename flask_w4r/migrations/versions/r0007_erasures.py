"""Who asked to be erased, and when a signature was handed over.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_erasure",)


def upgrade() -> None:
    op.create_table(
        "w4r_erasure",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("restored", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_erasure")),
        sa.UniqueConstraint("line", name=op.f("uq_w4r_erasure_line")),
    )
    op.create_index(op.f("ix_w4r_erasure_section"), "w4r_erasure", ["section", "digest"])
    op.create_index(op.f("ix_w4r_erasure_open"), "w4r_erasure", ["settled_at", "id"])
    op.add_column("w4r_signature", sa.Column("delivered_at", MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("w4r_signature") as signature:
        signature.drop_column("delivered_at")
    for table in reversed(creates):
        op.drop_table(table)
