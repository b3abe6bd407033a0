"""Counts and news that are signed: a section's own numbers, the sum of all sections, and the centre's feed of what changed.

``signing`` knows keys and signatures, ``documents`` what may stand in a file; ``aggregate`` makes a section's, ``take`` and
``sums`` are the centre's side, and ``feed`` follows the centre's news.
"""
