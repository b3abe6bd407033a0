"""Which press of a class counted for whom and when, so that it can be taken back; and which reports are a school's own.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()


def upgrade() -> None:
    with op.batch_alter_table("w4r_pupil") as pupil:
        pupil.alter_column("person", existing_type=sa.Text(), nullable=True)
        pupil.add_column(sa.Column("cases", sa.JSON(none_as_null=True), nullable=True))
        pupil.add_column(sa.Column("day", sa.Date(), nullable=True))
    with op.batch_alter_table("w4r_report") as report:
        report.add_column(sa.Column("school_id", ID, nullable=True))
        report.create_foreign_key(
            op.f("fk_w4r_report_school"), "w4r_school", ["school_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index(op.f("ix_w4r_report_school"), "w4r_report", ["school_id"])


def downgrade() -> None:
    with op.batch_alter_table("w4r_report") as report:
        report.drop_constraint(op.f("fk_w4r_report_school"), type_="foreignkey")
        report.drop_index(op.f("ix_w4r_report_school"))
        report.drop_column("school_id")
    op.execute("DELETE FROM w4r_pupil WHERE person IS NULL")
    with op.batch_alter_table("w4r_pupil") as pupil:
        pupil.drop_column("day")
        pupil.drop_column("cases")
        pupil.alter_column("person", existing_type=sa.Text(), nullable=False)
