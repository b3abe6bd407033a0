"""Telling others of a case: texts that fit each network, pictures that we draw, a poster; and how much came of it.

``lengths`` counts as networks count; ``networks`` is the table of them; ``posts`` fits a case's texts to each; ``pictures``
draws; ``poster`` sets the paper; ``counting`` adds up by source and day, never by person; ``table`` is what the desk reads.
"""
