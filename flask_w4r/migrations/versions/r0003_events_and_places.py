"""Writing events, who comes, and the gazetteer.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, LONG_TEXT, MOMENT, exact_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = (
    "w4r_event",
    "w4r_event_change",
    "w4r_place",
    "w4r_postcode",
    "w4r_event_report",
    "w4r_place_name",
    "w4r_rsvp",
    "w4r_event_case",
)


def upgrade() -> None:
    op.create_table(
        "w4r_event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", LONG_TEXT, nullable=False),
        sa.Column("starts_local", sa.DateTime(), nullable=False),
        sa.Column("ends_local", sa.DateTime(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("town", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("public_lat", sa.Double(), nullable=True),
        sa.Column("public_lon", sa.Double(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("host_index", DIGEST, nullable=True),
        sa.Column("host_verified", sa.Boolean(), nullable=False),
        sa.Column("host_version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("access_status", sa.String(length=16), nullable=False),
        sa.Column("access_notes", sa.String(length=500), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("pending_seats", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("availability", sa.String(length=8), nullable=False),
        sa.Column("availability_at", MOMENT, nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("report_asked_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("approved", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "access_status IN ('unknown', 'step_free', 'partly', 'not_accessible')", name=op.f("ck_w4r_event_access")
        ),
        sa.CheckConstraint("availability IN ('open', 'few', 'full')", name=op.f("ck_w4r_event_availability")),
        sa.CheckConstraint(
            "kind IN ('public', 'school', 'private', 'online', 'hybrid')", name=op.f("ck_w4r_event_kind")
        ),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'submitted', 'published', 'rejected', 'cancelled', 'over')",
            name=op.f("ck_w4r_event_state"),
        ),
        sa.CheckConstraint(
            "visibility IN ('exact', 'town', 'approval', 'unlisted')", name=op.f("ck_w4r_event_visibility")
        ),
        sa.CheckConstraint(
            "seats_taken >= 0 AND pending_seats >= 0 AND waiting >= 0 AND (capacity IS NULL OR seats_taken <= capacity)",
            name=op.f("ck_w4r_event_seats"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_event")),
        sa.UniqueConstraint("section", "slug", name=op.f("uq_w4r_event_section_slug")),
    )
    op.create_index(op.f("ix_w4r_event_ends"), "w4r_event", ["state", "ends_at"], unique=False)
    op.create_index(op.f("ix_w4r_event_held"), "w4r_event", ["section", "held_at", "id"], unique=False)
    op.create_index(
        op.f("ix_w4r_event_point"), "w4r_event", ["section", "state", "public_lat", "public_lon"], unique=False
    )
    op.create_index(op.f("ix_w4r_event_upcoming"), "w4r_event", ["section", "state", "starts_at", "id"], unique=False)
    op.create_table(
        "w4r_event_change",
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("section", name=op.f("pk_w4r_event_change")),
    )
    op.create_table(
        "w4r_place",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", exact_text(200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_place")),
    )
    op.create_index(op.f("ix_w4r_place_country"), "w4r_place", ["country", "population"], unique=False)
    op.create_index(op.f("ix_w4r_place_lat"), "w4r_place", ["lat", "lon"], unique=False)
    op.create_table(
        "w4r_postcode",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("place_name", exact_text(180), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("country", "code", "place_name", name=op.f("pk_w4r_postcode")),
    )
    op.create_table(
        "w4r_event_report",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('submitted', 'approved', 'rejected')", name=op.f("ck_w4r_event_report_state")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["w4r_event.id"], name=op.f("fk_w4r_event_report_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_event_report")),
        sa.UniqueConstraint("event_id", name=op.f("uq_w4r_event_report_event")),
    )
    op.create_index(op.f("ix_w4r_event_report_held"), "w4r_event_report", ["section", "held_at", "id"], unique=False)
    op.create_table(
        "w4r_place_name",
        sa.Column("folded", exact_text(100), nullable=False),
        sa.Column("place_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", exact_text(200), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["place_id"], ["w4r_place.id"], name=op.f("fk_w4r_place_name_place"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folded", "place_id", "locale", name=op.f("pk_w4r_place_name")),
    )
    op.create_index(op.f("ix_w4r_place_name_place"), "w4r_place_name", ["place_id"], unique=False)
    op.create_table(
        "w4r_rsvp",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("access_consent", sa.Boolean(), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("seats_held", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("waitlisted_at", MOMENT, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("checked_in_at", MOMENT, nullable=True),
        sa.Column("reminded", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'going', 'waitlisted', 'offered', 'expired', 'cancelled')",
            name=op.f("ck_w4r_rsvp_state"),
        ),
        sa.CheckConstraint("party_size >= 1 AND seats_held >= 0", name=op.f("ck_w4r_rsvp_seats")),
        sa.ForeignKeyConstraint(["event_id"], ["w4r_event.id"], name=op.f("fk_w4r_rsvp_event"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_rsvp")),
        sa.UniqueConstraint("event_id", "email_index", name=op.f("uq_w4r_rsvp_event_email")),
    )
    op.create_index(op.f("ix_w4r_rsvp_due"), "w4r_rsvp", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_w4r_rsvp_list"), "w4r_rsvp", ["event_id", "state", "waitlisted_at", "id"], unique=False)
    op.create_table(
        "w4r_event_case",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["w4r_case.id"], name=op.f("fk_w4r_event_case_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["w4r_event.id"], name=op.f("fk_w4r_event_case_event"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "case_id", name=op.f("pk_w4r_event_case")),
    )
    op.create_index(op.f("ix_w4r_event_case_case"), "w4r_event_case", ["case_id", "event_id"], unique=False)


def downgrade() -> None:
    for table in reversed(creates):
        op.drop_table(table)
