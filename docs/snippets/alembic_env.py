# The end of an Alembic env.py, with one line more.
from alembic import context
from sqlalchemy import create_engine

from flask_w4r.migrations import include_object_for_hosts


def run(url, metadata):
    with create_engine(url).connect() as connection:
        # start
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object_for_hosts,
        )
        # end
        with context.begin_transaction():
            context.run_migrations()


run(context.config.get_main_option("sqlalchemy.url"), context.config.attributes["metadata"])
