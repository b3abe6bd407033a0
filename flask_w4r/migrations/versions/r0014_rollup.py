"""signed counts and news.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID, LONG_TEXT, MOMENT

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = (
    "w4r_feed_entry",
    "w4r_rollup_key",
    "w4r_rollup_part",
    "w4r_signed",
    "w4r_witness",
)


def upgrade() -> None:
    op.create_table(
        "w4r_feed_entry",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("edition", sa.String(length=16), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("brings", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('applied', 'waiting', 'accepted', 'dismissed')", name=op.f("ck_w4r_feed_entry_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_feed_entry")),
    )
    op.create_index(op.f("ix_w4r_feed_entry_name"), "w4r_feed_entry", ["section", "name"], unique=True)
    op.create_index(op.f("ix_w4r_feed_entry_state"), "w4r_feed_entry", ["section", "state"], unique=False)
    op.create_table(
        "w4r_rollup_key",
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("used_for", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("is_from_root", sa.Boolean(), nullable=False),
        sa.Column("trusted_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("used_for IN ('tally', 'feed')", name=op.f("ck_w4r_rollup_key_used_for")),
        sa.PrimaryKeyConstraint("sender", "key_id", "used_for", name=op.f("pk_w4r_rollup_key")),
    )
    op.create_index(op.f("ix_w4r_rollup_key_id"), "w4r_rollup_key", ["key_id"], unique=False)
    op.create_table(
        "w4r_rollup_part",
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("edition", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('counted', 'waiting')", name=op.f("ck_w4r_rollup_part_state")),
        sa.PrimaryKeyConstraint("sender", "edition", "sequence", name=op.f("pk_w4r_rollup_part")),
    )
    op.create_index(op.f("ix_w4r_rollup_part_edition"), "w4r_rollup_part", ["edition", "state"], unique=False)
    op.create_table(
        "w4r_signed",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("document", LONG_TEXT, nullable=False),
        sa.CheckConstraint("kind IN ('tally', 'feed')", name=op.f("ck_w4r_signed_kind")),
        sa.PrimaryKeyConstraint("section", "kind", name=op.f("pk_w4r_signed")),
    )
    op.create_table(
        "w4r_witness",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires", MOMENT, nullable=True),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("tried_at", MOMENT, nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_w4r_witness")),
    )


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
