"""Emails to those in power.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_email", "w4r_email_drip", "w4r_email_reply")


def upgrade() -> None:
    states = "state IN ('pending', 'confirmed', 'sent', 'refused', 'cancelled', 'erased')"
    op.create_table(
        "w4r_email",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("target_key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("text_locale", sa.String(length=16), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("held_for", sa.String(length=32), nullable=True),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=True),
        sa.Column("leaves_at", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.CheckConstraint(states, name=op.f("ck_w4r_email_state")),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_email_case"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_email")),
        sa.UniqueConstraint("case_id", "target_key", "email_index", name=op.f("uq_w4r_email_case_target_email")),
    )
    waiting = ["section", "state", "leaves_at", "case_id", "target_key"]
    op.create_index(op.f("ix_w4r_email_waiting"), "w4r_email", waiting)
    op.create_index(op.f("ix_w4r_email_section_held"), "w4r_email", ["section", "held_at", "id"])
    op.create_index(op.f("ix_w4r_email_mailbox"), "w4r_email", ["section", "mailbox", "leaves_at"])
    op.create_index(op.f("ix_w4r_email_ages"), "w4r_email", ["state", "updated_at"])
    op.create_table(
        "w4r_email_drip",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("mailbox", sa.String(length=32), nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("paused_for", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("section", "mailbox", name=op.f("pk_w4r_email_drip")),
    )
    op.create_table(
        "w4r_email_reply",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_email_reply_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_email_reply")),
    )
    op.create_index(op.f("ix_w4r_email_reply_case"), "w4r_email_reply", ["case_id", "on_date"])


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
