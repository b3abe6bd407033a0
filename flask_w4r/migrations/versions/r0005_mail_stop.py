"""Whether sending has stopped, for all workers and for staff to see.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import MOMENT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_mail_stop",)


def upgrade() -> None:
    op.create_table(
        "w4r_mail_stop",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("sort", sa.String(length=16), nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_w4r_mail_stop")),
    )


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
