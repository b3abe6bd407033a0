"""Run our revisions on the connection that ``services/storage/schema.py`` hands over, inside its transaction and its lock."""

from __future__ import annotations

from alembic import context

if context.is_offline_mode():
    raise RuntimeError("our revisions look at the database they run on: use 'flask w4r db upgrade'")

context.configure(
    connection=context.config.attributes["connection"],
    **context.config.attributes["options"],
)
with context.begin_transaction():
    context.run_migrations()
