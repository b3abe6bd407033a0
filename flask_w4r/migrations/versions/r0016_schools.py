"""Schools, their classes and pupils.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_school", "w4r_school_class", "w4r_pupil")


def upgrade() -> None:
    op.create_table(
        "w4r_school",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("town", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'submitted', 'approved', 'rejected')", name=op.f("ck_w4r_school_state")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["w4r_edition.id"], name=op.f("fk_w4r_school_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_school")),
    )
    op.create_index(op.f("ix_w4r_school_held"), "w4r_school", ["section", "held_at", "id"])
    op.create_index(op.f("ix_w4r_school_edition"), "w4r_school", ["edition_id", "state"])
    op.create_index(op.f("ix_w4r_school_email"), "w4r_school", ["email_index"])
    op.create_table(
        "w4r_school_class",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("school_id", ID, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("code_index", DIGEST, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id"], ["w4r_school.id"], name=op.f("fk_w4r_school_class_school"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_school_class")),
        sa.UniqueConstraint("code_index", name=op.f("uq_w4r_school_class_code")),
    )
    op.create_index(op.f("ix_w4r_school_class_school"), "w4r_school_class", ["school_id"])
    op.create_table(
        "w4r_pupil",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("class_id", ID, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["w4r_school_class.id"], name=op.f("fk_w4r_pupil_class"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_pupil")),
    )
    op.create_index(op.f("ix_w4r_pupil_class"), "w4r_pupil", ["class_id", "id"])


def downgrade() -> None:
    op.drop_table("w4r_pupil")
    op.drop_table("w4r_school_class")
    op.drop_table("w4r_school")
