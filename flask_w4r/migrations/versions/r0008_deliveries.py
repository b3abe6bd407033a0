"""Signatures that are handed over, and who wants no mail that they did not ask for.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_delivery", "w4r_delivery_name", "w4r_unsubscribed")


def upgrade() -> None:
    op.create_table(
        "w4r_delivery",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("root", sa.String(length=64), nullable=True),
        sa.Column("frozen_at", MOMENT, nullable=True),
        sa.Column("freezing", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.Text(), nullable=True),
        sa.Column("prepared_at", MOMENT, nullable=False),
        sa.Column("prepared_by", sa.String(length=100), nullable=False),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("handed_over_at", MOMENT, nullable=True),
        sa.Column("handed_over_by", sa.Text(), nullable=True),
        sa.Column("called_off_at", MOMENT, nullable=True),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("receipts_due", sa.Boolean(), nullable=False),
        sa.Column("receipts_after", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('prepared', 'handed_over', 'called_off')", name=op.f("ck_w4r_delivery_state")),
        sa.CheckConstraint("outcome IN ('met', 'posted', 'refused')", name=op.f("ck_w4r_delivery_outcome")),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_delivery_case"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_delivery")),
        sa.UniqueConstraint("public_id", name=op.f("uq_w4r_delivery_public_id")),
    )
    op.create_index(op.f("ix_w4r_delivery_section_state"), "w4r_delivery", ["section", "state", "id"])
    op.create_table(
        "w4r_delivery_name",
        sa.Column("signature_id", ID, autoincrement=False, nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("leaf", DIGEST, nullable=True),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["w4r_signature.id"], name=op.f("fk_w4r_delivery_name_signature"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["w4r_delivery.id"], name=op.f("fk_w4r_delivery_name_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_w4r_delivery_name")),
    )
    op.create_index(op.f("ix_w4r_delivery_name_number"), "w4r_delivery_name", ["delivery_id", "number"])
    op.create_table(
        "w4r_unsubscribed",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("address_index", DIGEST, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("section", "address_index", name=op.f("pk_w4r_unsubscribed")),
    )


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
