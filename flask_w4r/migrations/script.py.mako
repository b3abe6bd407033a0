"""${message}.

Frozen: it says what the tables were at this revision, whatever the models say later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from flask_w4r.migrations.columns import DIGEST, ID, LONG_BYTES, LONG_TEXT, MOMENT, exact_text

revision = ${config.attributes["quote"](up_revision)}
down_revision = ${config.attributes["quote"](down_revision)}
branch_labels = None
depends_on = None
#: The tables that this revision brings.
creates: tuple[str, ...] = ${config.attributes["creates"]()}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
