"""What a case is to reach beside signatures, by type of action.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()


def upgrade() -> None:
    op.add_column("w4r_case", sa.Column("goals", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("w4r_case") as case:
        case.drop_column("goals")
