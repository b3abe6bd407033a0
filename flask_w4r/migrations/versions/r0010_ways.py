"""Which ways to act a case has, and who else is written to.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()


def upgrade() -> None:
    op.add_column("w4r_case", sa.Column("targets", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("w4r_case", sa.Column("ways", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("w4r_case") as case:
        case.drop_column("ways")
        case.drop_column("targets")
