"""When a signature lost what was personal of it, and indexes that find what is over.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import MOMENT

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()
_WAITING = sa.text("state IN ('pending', 'invalid')")


def upgrade() -> None:
    op.add_column("w4r_signature", sa.Column("let_go_at", MOMENT, nullable=True))
    op.create_index(op.f("ix_w4r_signature_ages"), "w4r_signature", ["case_id", "let_go_at", "delivered_at"])
    op.create_index(
        op.f("ix_w4r_signature_waiting"), "w4r_signature", ["state", "updated_at"],
        postgresql_where=_WAITING, sqlite_where=_WAITING,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index(op.f("ix_w4r_signature_waiting"), table_name="w4r_signature")
    op.drop_index(op.f("ix_w4r_signature_ages"), table_name="w4r_signature")
    with op.batch_alter_table("w4r_signature") as signature:
        signature.drop_column("let_go_at")
