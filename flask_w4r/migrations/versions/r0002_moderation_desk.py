"""The moderation desk: rules, limits, lockdowns, batches, the log, numbers by the hour.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, LONG_TEXT, MOMENT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = (
    "w4r_alert",
    "w4r_audit",
    "w4r_audit_checkpoint",
    "w4r_audit_head",
    "w4r_batch",
    "w4r_desk_state",
    "w4r_live_limit",
    "w4r_lockdown",
    "w4r_pulse",
    "w4r_rule",
    "w4r_batch_row",
)


def upgrade() -> None:
    op.create_table(
        "w4r_alert",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("metric", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "metric IN ('submitted', 'held', 'net_host', 'net_site', 'net_block', 'domain')",
            name=op.f("ck_w4r_alert_metric"),
        ),
        sa.PrimaryKeyConstraint("section", "hour", "case_id", "metric", "key", name=op.f("pk_w4r_alert")),
    )
    op.create_index(op.f("ix_w4r_alert_section_raised"), "w4r_alert", ["section", "raised_at"], unique=False)
    op.create_table(
        "w4r_audit",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_audit")),
        sa.UniqueConstraint("section", "seq", name=op.f("uq_w4r_audit_section_seq")),
    )
    op.create_index(op.f("ix_w4r_audit_section_action"), "w4r_audit", ["section", "action", "seq"], unique=False)
    op.create_table(
        "w4r_audit_checkpoint",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("signature", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_w4r_audit_checkpoint")),
    )
    op.create_table(
        "w4r_audit_head",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_w4r_audit_head")),
    )
    op.create_table(
        "w4r_batch",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("approved_by", sa.String(length=100), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("scanned", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('decision', 'invalidation')", name=op.f("ck_w4r_batch_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'queued', 'running', 'done', 'cancelled', 'undo_queued', 'undoing', 'undone')",
            name=op.f("ck_w4r_batch_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_batch")),
    )
    op.create_index(op.f("ix_w4r_batch_section"), "w4r_batch", ["section", "id"], unique=False)
    op.create_index(op.f("ix_w4r_batch_state"), "w4r_batch", ["state", "id"], unique=False)
    op.create_table(
        "w4r_desk_state",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.JSON(), nullable=False),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("head_mailed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_w4r_desk_state")),
    )
    op.create_table(
        "w4r_live_limit",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("section", "case_id", "name", name=op.f("pk_w4r_live_limit")),
    )
    op.create_table(
        "w4r_lockdown",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.CheckConstraint("level IN ('normal', 'cautious', 'closed')", name=op.f("ck_w4r_lockdown_level")),
        sa.PrimaryKeyConstraint("section", "case_id", name=op.f("pk_w4r_lockdown")),
    )
    op.create_table(
        "w4r_pulse",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("metric", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "metric IN ('opened', 'submitted', 'mailed', 'confirmed', 'held', 'pending', 'released', 'invalid', 'net_host', 'net_site', 'net_block', 'domain', 'reason')",
            name=op.f("ck_w4r_pulse_metric"),
        ),
        sa.PrimaryKeyConstraint("section", "hour", "case_id", "metric", "key", name=op.f("pk_w4r_pulse")),
    )
    op.create_table(
        "w4r_rule",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("value_index", DIGEST, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("net_day", sa.Date(), nullable=True),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.CheckConstraint("effect IN ('block', 'allow')", name=op.f("ck_w4r_rule_effect")),
        sa.CheckConstraint(
            "kind IN ('network', 'seen_network', 'domain', 'address', 'country')", name=op.f("ck_w4r_rule_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_rule")),
        sa.UniqueConstraint("section", "kind", "value_index", name=op.f("uq_w4r_rule_same")),
    )
    op.create_table(
        "w4r_batch_row",
        sa.Column("batch_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        sa.Column("left_at", MOMENT, nullable=False),
        sa.Column("left_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('applied', 'undone', 'skipped')", name=op.f("ck_w4r_batch_row_state")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["w4r_batch.id"], name=op.f("fk_w4r_batch_row_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "kind", "item_id", name=op.f("pk_w4r_batch_row")),
    )
    op.create_index(op.f("ix_w4r_batch_row_item"), "w4r_batch_row", ["kind", "item_id"], unique=False)
    op.add_column("w4r_signature", sa.Column("held_for", sa.String(length=32), nullable=True))
    op.add_column("w4r_signature", sa.Column("released_at", MOMENT, nullable=True))
    op.create_index(
        op.f("ix_w4r_signature_case_held"),
        "w4r_signature",
        ["case_id", "held_at", "id"],
        unique=False,
        postgresql_where=sa.text("held_at IS NOT NULL"),
        sqlite_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_w4r_signature_domain_held"),
        "w4r_signature",
        ["section", "mail_domain", "held_at", "id"],
        unique=False,
        postgresql_where=sa.text("held_at IS NOT NULL"),
        sqlite_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_w4r_signature_reason_held"),
        "w4r_signature",
        ["section", "held_for", "held_at", "id"],
        unique=False,
        postgresql_where=sa.text("held_at IS NOT NULL"),
        sqlite_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_w4r_signature_section_created"), "w4r_signature", ["section", "created_at"], unique=False)
    op.add_column("w4r_case_text", sa.Column("seen_base", LONG_TEXT, nullable=True))
    # Nothing was kept of what the section had read, so what stands now is taken as read.
    op.execute("UPDATE w4r_case_text SET seen_base = centre_base WHERE local IS NOT NULL")
    _say_what_holds()


def _say_what_holds() -> None:
    """Name the check that holds each waiting signature; what is invalid waits no more."""
    signature = sa.table(
        "w4r_signature", sa.column("id", ID), sa.column("state", sa.String), sa.column("held_at", MOMENT),
        sa.column("held_for", sa.String), sa.column("reasons", sa.JSON),
    )  # fmt: skip
    connection = op.get_bind()
    connection.execute(signature.update().where(signature.c.state.in_(["invalid", "erased"])).values(held_at=None))
    last = 0
    while rows := connection.execute(
        sa.select(signature.c.id, signature.c.reasons)
        .where(signature.c.held_at.is_not(None), signature.c.id > last)
        .order_by(signature.c.id)
        .limit(1000)
    ).all():
        for number, reasons in rows:
            holding = sorted(reasons or [], key=lambda item: (not item.get("hold"), -item.get("score", 0)))
            # Held for no check of its own: nothing may be mailed to the address.
            name = holding[0]["check"] if holding else "suppressed"
            connection.execute(signature.update().where(signature.c.id == number).values(held_for=name))
        last = rows[-1][0]


def downgrade() -> None:
    with op.batch_alter_table("w4r_case_text", schema=None) as batch_op:
        batch_op.drop_column("seen_base")
    op.drop_index(op.f("ix_w4r_signature_section_created"), table_name="w4r_signature")
    op.drop_index(op.f("ix_w4r_signature_reason_held"), table_name="w4r_signature")
    op.drop_index(op.f("ix_w4r_signature_domain_held"), table_name="w4r_signature")
    op.drop_index(op.f("ix_w4r_signature_case_held"), table_name="w4r_signature")
    with op.batch_alter_table("w4r_signature", schema=None) as batch_op:
        batch_op.drop_column("released_at")
        batch_op.drop_column("held_for")
    for table in reversed(creates):
        op.drop_table(table)
