"""Campaigns and signatures.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, LONG_BYTES, LONG_TEXT, MOMENT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = (
    "w4r_consent_text",
    "w4r_day_key",
    "w4r_edition",
    "w4r_impact",
    "w4r_outbox",
    "w4r_spent_proof",
    "w4r_suppression",
    "w4r_token",
    "w4r_year_total",
    "w4r_case",
    "w4r_edition_person",
    "w4r_tally",
    "w4r_case_text",
    "w4r_picture",
    "w4r_signature",
    "w4r_consent",
)


def upgrade() -> None:
    op.create_table(
        "w4r_consent_text",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_w4r_consent_text")),
    )
    op.create_table(
        "w4r_day_key",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_w4r_day_key")),
    )
    op.create_table(
        "w4r_edition",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("year", sa.String(length=16), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_edition")),
        sa.UniqueConstraint("section", "year", name=op.f("uq_w4r_edition_section_year")),
    )
    op.create_table(
        "w4r_impact",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("edition", sa.String(length=16), nullable=False),
        sa.Column("happened_on", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("quotes", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("source_title", sa.String(length=300), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_impact")),
        sa.UniqueConstraint("section", "slug", name=op.f("uq_w4r_impact_section_slug")),
    )
    op.create_table(
        "w4r_outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("params", sa.Text(), nullable=True),
        sa.Column("cap_index", DIGEST, nullable=True),
        sa.Column("cap_day", sa.Date(), nullable=True),
        sa.Column("dedupe", DIGEST, nullable=True),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'dropped', 'failed')", name=op.f("ck_w4r_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_w4r_outbox_dedupe")),
    )
    op.create_index(op.f("ix_w4r_outbox_cap"), "w4r_outbox", ["cap_index", "state"], unique=False)
    op.create_index(op.f("ix_w4r_outbox_due"), "w4r_outbox", ["state", "not_before", "id"], unique=False)
    op.create_table(
        "w4r_spent_proof",
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_w4r_spent_proof")),
    )
    op.create_index(op.f("ix_w4r_spent_proof_expires"), "w4r_spent_proof", ["expires_at"], unique=False)
    op.create_table(
        "w4r_suppression",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("address_index", DIGEST, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("reason IN ('not_me', 'bounced', 'blocked')", name=op.f("ck_w4r_suppression_reason")),
        sa.PrimaryKeyConstraint("section", "address_index", name=op.f("pk_w4r_suppression")),
    )
    op.create_table(
        "w4r_token",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("token_hash", DIGEST, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_w4r_token_hash")),
    )
    op.create_index(op.f("ix_w4r_token_expires"), "w4r_token", ["expires_at"], unique=False)
    op.create_table(
        "w4r_year_total",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("qualifier", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("section", "year", name=op.f("pk_w4r_year_total")),
    )
    op.create_table(
        "w4r_case",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_is_local", sa.Boolean(), nullable=False),
        sa.Column("status_changed_at", MOMENT, nullable=True),
        sa.Column("goal", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(length=200), nullable=True),
        sa.Column("facts_as_of", sa.Date(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("updates", sa.JSON(), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("solidarity", sa.JSON(), nullable=False),
        sa.Column("sensitive", sa.JSON(), nullable=False),
        sa.Column("signer_warning", sa.Boolean(), nullable=False),
        sa.Column("photo", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('person', 'community', 'organisation')", name=op.f("ck_w4r_case_kind")),
        sa.CheckConstraint("status IN ('active', 'closed', 'freed', 'withdrawn')", name=op.f("ck_w4r_case_status")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["w4r_edition.id"], name=op.f("fk_w4r_case_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_case")),
        sa.UniqueConstraint("section", "edition_id", "slug", name=op.f("uq_w4r_case_edition_slug")),
    )
    op.create_index(op.f("ix_w4r_case_section_slug"), "w4r_case", ["section", "slug"], unique=False)
    op.create_table(
        "w4r_edition_person",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("person_index", DIGEST, nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["w4r_edition.id"], name=op.f("fk_w4r_edition_person_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "person_index", name=op.f("pk_w4r_edition_person")),
    )
    op.create_table(
        "w4r_tally",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("case_id", ID, autoincrement=False, nullable=False),
        sa.Column("action_type", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["w4r_edition.id"], name=op.f("fk_w4r_tally_edition"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("edition_id", "case_id", "action_type", "slot", name=op.f("pk_w4r_tally")),
    )
    op.create_index(op.f("ix_w4r_tally_section"), "w4r_tally", ["section"], unique=False)
    op.create_table(
        "w4r_case_text",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("centre_base", LONG_TEXT, nullable=True),
        sa.Column("local", LONG_TEXT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_case_text_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "locale", "field", name=op.f("pk_w4r_case_text")),
    )
    op.create_table(
        "w4r_picture",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", LONG_BYTES, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_picture_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", "width", name=op.f("pk_w4r_picture")),
    )
    op.create_table(
        "w4r_signature",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("details_index", DIGEST, nullable=True),
        sa.Column("name_index", DIGEST, nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("withhold_name", sa.Boolean(), nullable=False),
        sa.Column("newsletter", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("captcha", sa.String(length=16), nullable=False),
        sa.Column("net_day", sa.Date(), nullable=True),
        sa.Column("net_host", DIGEST, nullable=True),
        sa.Column("net_site", DIGEST, nullable=True),
        sa.Column("net_block", DIGEST, nullable=True),
        sa.Column("mail_domain", sa.String(length=100), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "captcha IN ('pass', 'missing', 'unavailable', 'off')", name=op.f("ck_w4r_signature_captcha")
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'invalid', 'erased')", name=op.f("ck_w4r_signature_state")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_signature_case"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_signature")),
        sa.UniqueConstraint("case_id", "email_index", "slot", name=op.f("uq_w4r_signature_case_email_slot")),
    )
    op.create_index(op.f("ix_w4r_signature_net_day"), "w4r_signature", ["net_day"], unique=False)
    op.create_index(op.f("ix_w4r_signature_section_held"), "w4r_signature", ["section", "held_at", "id"], unique=False)
    op.create_table(
        "w4r_consent",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("signature_id", ID, nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("text_digest", DIGEST, nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["signature_id"], ["w4r_signature.id"], name=op.f("fk_w4r_consent_signature"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_consent")),
    )
    op.create_index(op.f("ix_w4r_consent_signature"), "w4r_consent", ["signature_id"], unique=False)


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
