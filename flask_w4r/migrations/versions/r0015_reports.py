"""Reports by anybody, where only hosts reported; and counts that say where they come from.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, MOMENT

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ("w4r_report",)
_SLOT = ("edition_id", "case_id", "action_type")
_OLD_TYPE, _NEW_TYPE = "paper_signature", "petition_paper"
_REPORTED = ("letter", "card", _NEW_TYPE)
_KEPT: dict[str, Any] = {
    "id": ID, "section": sa.String(32), "event_id": ID, "state": sa.String(16), "people": sa.Integer(), "counts": sa.JSON(),
    "note": sa.Text(), "held_at": MOMENT, "version": sa.Integer(), "created_at": MOMENT, "updated_at": MOMENT,
}  # fmt: skip
_ADDED: dict[str, Any] = {
    "role": sa.String(16), "hosted_id": ID, "source": sa.String(16), "status": sa.String(16), "is_counted": sa.Boolean(),
    "score": sa.Integer(), "reasons": sa.JSON(),
}  # fmt: skip
_OLD = sa.table("w4r_event_report", *(sa.column(name, kind) for name, kind in _KEPT.items()))
_NEW = sa.table("w4r_report", *(sa.column(name, kind) for name, kind in {**_KEPT, **_ADDED}.items()))
_TALLY = sa.table(
    "w4r_tally",
    *(sa.column(name) for name in ("section", "edition_id", "case_id", "action_type", "source", "slot", "count")),
)
_CASE = sa.table("w4r_case", sa.column("id"), sa.column("edition_id"))


def upgrade() -> None:
    op.create_table(
        "w4r_report",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("section", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("event_id", ID, nullable=True),
        sa.Column("hosted_id", ID, nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("email_index", DIGEST, nullable=True),
        sa.Column("digest", DIGEST, nullable=True),
        sa.Column("actor_id", sa.String(length=100), nullable=True),
        sa.Column("replaces_id", ID, nullable=True),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('unconfirmed', 'submitted', 'approved', 'rejected', 'replaced', 'reversed')",
            name=op.f("ck_w4r_report_state"),
        ),
        sa.CheckConstraint("role IN ('host', 'person', 'desk')", name=op.f("ck_w4r_report_role")),
        sa.CheckConstraint("source IN ('self_reported', 'section_counted')", name=op.f("ck_w4r_report_source")),
        sa.CheckConstraint("status IN ('interim', 'final', 'corrected')", name=op.f("ck_w4r_report_status")),
        sa.ForeignKeyConstraint(["event_id"], ["w4r_event.id"], name=op.f("fk_w4r_report_event"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_w4r_report")),
        sa.UniqueConstraint("hosted_id", name=op.f("uq_w4r_report_host")),
        sa.UniqueConstraint("section", "digest", name=op.f("uq_w4r_report_digest")),
    )
    op.create_index(op.f("ix_w4r_report_held"), "w4r_report", ["section", "held_at", "id"])
    op.create_index(op.f("ix_w4r_report_event"), "w4r_report", ["event_id"])
    op.create_index(op.f("ix_w4r_report_email"), "w4r_report", ["email_index"])
    for row in _rows(_OLD):
        op.get_bind().execute(_NEW.insert(), _as_report(row))
    op.drop_table("w4r_event_report")
    _rekey("source")


def _rows(table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()]


def _renamed(counts: Any, old: str, new: str) -> Any:
    return {
        case: {(new if kind == old else kind): number for kind, number in numbers.items()}
        for case, numbers in (counts or {}).items()
    }


def _as_report(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row, "role": "host", "hosted_id": row["event_id"], "source": "self_reported", "status": "interim",
        "is_counted": row["state"] == "approved", "counts": _renamed(row["counts"], _OLD_TYPE, _NEW_TYPE), "score": 0,
        "reasons": [],
    }  # fmt: skip


def _rekey(column: str) -> None:
    """A count is told from others by its source too."""
    key = (*_SLOT, column, "slot")
    if op.get_bind().dialect.name in ("mysql", "mariadb"):
        # In one statement: a foreign key needs an index that begins with its column at every moment.
        op.execute(
            "ALTER TABLE w4r_tally ADD COLUMN source VARCHAR(16) NOT NULL DEFAULT 'counted',"
            f" DROP PRIMARY KEY, ADD PRIMARY KEY ({', '.join(key)})"
        )
        op.execute("ALTER TABLE w4r_tally ALTER COLUMN source DROP DEFAULT")
    else:
        with op.batch_alter_table("w4r_tally") as tally:
            tally.add_column(sa.Column("source", sa.String(length=16), nullable=False, server_default="counted"))
            tally.drop_constraint(op.f("pk_w4r_tally"), type_="primary")
            tally.create_primary_key(op.f("pk_w4r_tally"), list(key))
        with op.batch_alter_table("w4r_tally") as tally:
            tally.alter_column("source", server_default=None)
    op.execute(_TALLY.update().where(_TALLY.c.action_type == _OLD_TYPE).values(action_type=_NEW_TYPE))
    op.execute(_TALLY.update().where(_TALLY.c.action_type.in_(_REPORTED)).values(source="self_reported"))
    with op.batch_alter_table("w4r_tally") as tally:
        tally.create_check_constraint(
            op.f("ck_w4r_tally_source"), "source IN ('counted', 'self_reported', 'section_counted')"
        )


def downgrade() -> None:
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
    op.create_index(op.f("ix_w4r_event_report_held"), "w4r_event_report", ["section", "held_at", "id"])
    hosts = [
        row for row in _rows(_NEW) if row["role"] == "host" and row["state"] in ("submitted", "approved", "rejected")
    ]
    for row in hosts:
        values = {name: row[name] for name in _KEPT} | {"counts": _renamed(row["counts"], _NEW_TYPE, _OLD_TYPE)}
        op.get_bind().execute(_OLD.insert(), values)
    op.drop_table("w4r_report")
    _unkey([row for row in hosts if row["state"] == "approved"])


def _unkey(approved: list[dict[str, Any]]) -> None:
    """Counts have no source: what hosts reported stays, and what others did goes as their reports do."""
    bind = op.get_bind()
    names = ("section", "edition_id", "case_id", "action_type", "slot")
    sums: dict[tuple[Any, ...], int] = {
        tuple(row[name] for name in names): row["count"] for row in _rows(_TALLY) if row["source"] == "counted"
    }
    editions = {row.id: row.edition_id for row in bind.execute(sa.select(_CASE.c.id, _CASE.c.edition_id))}
    for row in approved:
        for case_id, numbers in _renamed(row["counts"], _NEW_TYPE, _OLD_TYPE).items():
            for kind, number in numbers.items():
                if int(case_id) in editions:
                    key = (row["section"], editions[int(case_id)], int(case_id), kind, 0)
                    sums[key] = sums.get(key, 0) + number
    bind.execute(_TALLY.delete())
    with op.batch_alter_table("w4r_tally") as tally:
        tally.drop_constraint(op.f("ck_w4r_tally_source"), type_="check")
    slot_key = (*_SLOT, "slot")
    if bind.dialect.name in ("mysql", "mariadb"):
        op.execute(
            f"ALTER TABLE w4r_tally DROP PRIMARY KEY, ADD PRIMARY KEY ({', '.join(slot_key)}), DROP COLUMN source"
        )
    else:
        with op.batch_alter_table("w4r_tally") as tally:
            tally.drop_constraint(op.f("pk_w4r_tally"), type_="primary")
            tally.drop_column("source")
            tally.create_primary_key(op.f("pk_w4r_tally"), list(slot_key))
    columns = [column for column in _TALLY.c if column.name != "source"]
    rows = [{**dict(zip(names, key, strict=True)), "count": count} for key, count in sums.items()]
    if rows:
        bind.execute(sa.table("w4r_tally", *(sa.column(column.name) for column in columns)).insert(), rows)
