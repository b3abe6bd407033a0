"""A whole section moves: into one encrypted archive (``outgoing``), out of it into another database (``incoming``), or away.

Which rows are a section's follows from the tables themselves (``tables``): those with a column ``section``, and what hangs on them
by foreign keys. What belongs to the site each capability says (``Capability.stays``).
"""
