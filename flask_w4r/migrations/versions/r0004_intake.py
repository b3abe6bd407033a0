"""The intake, which public forms write down for the worker; the worker's signs of life; and whose mail was answered.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID, MOMENT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_intake", "w4r_worker_sign")


def upgrade() -> None:
    op.create_table(
        "w4r_intake",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("set_aside_at", MOMENT, nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_intake")),
    )
    op.create_table(
        "w4r_worker_sign",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_w4r_worker_sign")),
    )
    op.add_column("w4r_outbox", sa.Column("answered_at", MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("w4r_outbox") as outbox:
        outbox.drop_column("answered_at")
    for table in reversed(creates):
        op.drop_table(table)
