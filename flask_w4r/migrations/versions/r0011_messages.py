"""Words of solidarity to the person at risk.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_message",)


def upgrade() -> None:
    op.create_table(
        "w4r_message",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("consent_digest", DIGEST, nullable=True),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("held_for", sa.String(length=32), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("shown_at", MOMENT, nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'submitted', 'approved', 'refused', 'erased')", name=op.f("ck_w4r_message_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_message_case"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_message")),
    )
    op.create_index(op.f("ix_w4r_message_case_email"), "w4r_message", ["case_id", "email_index"])
    op.create_index(op.f("ix_w4r_message_section_held"), "w4r_message", ["section", "held_at", "id"])
    op.create_index(op.f("ix_w4r_message_case_state"), "w4r_message", ["case_id", "state", "taken_at"])
    op.create_index(op.f("ix_w4r_message_waiting"), "w4r_message", ["state", "updated_at"])


def downgrade() -> None:
    op.drop_table("w4r_message")
