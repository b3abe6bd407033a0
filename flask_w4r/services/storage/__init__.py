"""The ground: one short session of our own on the host's engine, inserts that meet a row, the schema and its revisions.

Others call ``unit_of_work.run`` and ``read``, ``upsert``, ``rows.execute`` and, for ``flask w4r db``, ``schema``.
"""
