"""A link's first use is written down no more: nothing asked for it, and it cost every confirmation a statement.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import MOMENT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()


def upgrade() -> None:
    with op.batch_alter_table("w4r_token") as token:
        token.drop_column("used_at")


def downgrade() -> None:
    op.add_column("w4r_token", sa.Column("used_at", MOMENT, nullable=True))
