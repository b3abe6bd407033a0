"""Counts that say how sure they are and which day they are of.

What was counted before has no day until ``flask w4r tally recount --fix`` reads it from the rows: which day a moment is of is
known to the section's clock, which no table has.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import ID

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()
_OLD_KEY = ("edition_id", "case_id", "action_type", "source", "slot")
_NEW_KEY = ("edition_id", "case_id", "action_type", "source", "status", "day", "slot")
_NO_DAY = date(1970, 1, 1)
_PLAIN = ("section", "edition_id", "case_id", "action_type", "source", "slot", "count")
_OLD = sa.table("w4r_tally", *(sa.column(name) for name in _PLAIN))
_NEW = sa.table("w4r_tally", *(sa.column(name) for name in _PLAIN), sa.column("status"), sa.column("day", sa.Date()))
_REPORT = sa.table(
    "w4r_report", sa.column("section"), sa.column("source"), sa.column("status"), sa.column("is_counted", sa.Boolean()),
    sa.column("counts", sa.JSON()),
)  # fmt: skip
_CASE = sa.table("w4r_case", sa.column("id", ID), sa.column("edition_id", ID))
_CLASS = sa.table("w4r_school_class", sa.column("id", ID), sa.column("counts", sa.JSON()))


def upgrade() -> None:
    if op.get_bind().dialect.name in ("mysql", "mariadb"):
        # In one statement: a foreign key needs an index that begins with its column at every moment.
        op.execute(
            "ALTER TABLE w4r_tally ADD COLUMN status VARCHAR(16) NOT NULL DEFAULT 'interim',"
            f" ADD COLUMN day DATE NOT NULL DEFAULT '{_NO_DAY}',"
            f" DROP PRIMARY KEY, ADD PRIMARY KEY ({', '.join(_NEW_KEY)})"
        )
        op.execute("ALTER TABLE w4r_tally ALTER COLUMN status DROP DEFAULT, ALTER COLUMN day DROP DEFAULT")
    else:
        with op.batch_alter_table("w4r_tally") as tally:
            tally.add_column(sa.Column("status", sa.String(length=16), nullable=False, server_default="interim"))
            tally.add_column(sa.Column("day", sa.Date(), nullable=False, server_default=str(_NO_DAY)))
            tally.drop_constraint(op.f("pk_w4r_tally"), type_="primary")
            tally.create_primary_key(op.f("pk_w4r_tally"), list(_NEW_KEY))
        with op.batch_alter_table("w4r_tally") as tally:
            tally.alter_column("status", server_default=None)
            tally.alter_column("day", server_default=None)
    with op.batch_alter_table("w4r_tally") as tally:
        tally.create_check_constraint(op.f("ck_w4r_tally_status"), "status IN ('interim', 'final', 'corrected')")
    _tell_status()
    _rewrite_classes(lambda count: {str(_NO_DAY): count})


def _rows(table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()]


def _tell_status() -> None:
    """What reports say is final or corrected is taken from what is interim, and put beside it."""
    bind = op.get_bind()
    editions = {row.id: row.edition_id for row in bind.execute(sa.select(_CASE.c.id, _CASE.c.edition_id))}
    moved: Counter[tuple[Any, ...]] = Counter()
    for row in _rows(_REPORT):
        if row["is_counted"] and row["status"] != "interim":
            for case_id, numbers in (row["counts"] or {}).items():
                for kind, number in numbers.items() if int(case_id) in editions else ():
                    place = (row["section"], editions[int(case_id)], int(case_id), kind, row["source"])
                    moved[*place, row["status"]] += number
                    moved[*place, "interim"] -= number
    names = ("section", "edition_id", "case_id", "action_type", "source", "status")
    for key, number in moved.items():
        values = dict(zip(names, key, strict=True))
        mine = sa.and_(*(_NEW.c[name] == value for name, value in values.items()), _NEW.c.slot == 0)
        if not bind.execute(_NEW.update().where(mine).values(count=_NEW.c.count + number)).rowcount:
            bind.execute(_NEW.insert().values(**values, day=_NO_DAY, slot=0, count=number))


def _rewrite_classes(made: Any) -> None:
    for row in _rows(_CLASS):
        counts = {case_id: made(days) for case_id, days in (row["counts"] or {}).items()}
        op.get_bind().execute(_CLASS.update().where(_CLASS.c.id == row["id"]).values(counts=counts))


def downgrade() -> None:
    bind = op.get_bind()
    names = _PLAIN[:-1]
    sums: Counter[tuple[Any, ...]] = Counter()
    for row in _rows(_OLD):
        sums[tuple(row[name] for name in names)] += row["count"]
    bind.execute(_NEW.delete())
    with op.batch_alter_table("w4r_tally") as tally:
        tally.drop_constraint(op.f("ck_w4r_tally_status"), type_="check")
    if bind.dialect.name in ("mysql", "mariadb"):
        op.execute(
            f"ALTER TABLE w4r_tally DROP PRIMARY KEY, ADD PRIMARY KEY ({', '.join(_OLD_KEY)}),"
            " DROP COLUMN status, DROP COLUMN day"
        )
    else:
        with op.batch_alter_table("w4r_tally") as tally:
            tally.drop_constraint(op.f("pk_w4r_tally"), type_="primary")
            tally.drop_column("status")
            tally.drop_column("day")
            tally.create_primary_key(op.f("pk_w4r_tally"), list(_OLD_KEY))
    rows = [{**dict(zip(names, key, strict=True)), "count": count} for key, count in sums.items()]
    if rows:
        bind.execute(_OLD.insert(), rows)
    _rewrite_classes(lambda days: sum(days.values()))
