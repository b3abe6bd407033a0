"""Numbers of so few people that somebody might know them: one rule for pages, tables and files.

What a whole case, type, edition or day comes to is told as it is. What is broken down further (by school, country, mail provider or
source, or one case's last days) is not told below :data:`FEW`; sums hold it all the same. What a report tells of an event is told as it
is: the desk read it.
"""

from __future__ import annotations

#: A number of fewer people, or of fewer things that people did, is not told by itself.
FEW = 10


def told(count: int) -> int | None:
    """A number that is broken down, or ``None`` where it is of a few; nobody at all is told."""
    return None if 0 < count < FEW else count
