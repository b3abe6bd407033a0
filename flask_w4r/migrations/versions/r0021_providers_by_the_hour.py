"""How many signatures of each mail provider, and how many of those that are held, were confirmed is counted by the hour.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ()
_BEFORE = (
    "'opened', 'submitted', 'mailed', 'confirmed', 'held', 'pending', 'released', 'invalid', 'net_host', 'net_site',"
    " 'net_block', 'domain', 'reason'"
)
_FRESH = ("domain_confirmed", "domain_pending", "held_confirmed")
_PULSE = sa.table("w4r_pulse", sa.column("metric"))


def upgrade() -> None:
    _only(", ".join((_BEFORE, *(f"'{name}'" for name in _FRESH))))


def downgrade() -> None:
    op.execute(_PULSE.delete().where(_PULSE.c.metric.in_(_FRESH)))
    _only(_BEFORE)


def _only(metrics: str) -> None:
    with op.batch_alter_table("w4r_pulse") as pulse:
        pulse.drop_constraint(op.f("ck_w4r_pulse_metric"), type_="check")
        pulse.create_check_constraint(op.f("ck_w4r_pulse_metric"), f"metric IN ({metrics})")
