"""Numbers that a person should look at twice. They are no proof of anything: a class that wrote for a week writes a lot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Actions a person in one report. Events usually write 100 to 1,000 in all, with 50 to 150 people.
A_PERSON = 30
#: Actions in one report that nobody has to explain.
IN_ALL = 2_000


def reasons_for(people: int, counts: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Why a report's numbers are far from what is usual, as rows keep reasons.

    :param people: how many took part.
    :param counts: by case and type.
    """
    total = sum(number for numbers in counts.values() for number in numbers.values())
    found: list[dict[str, Any]] = []
    if total > A_PERSON * max(people, 1):
        found.append(
            {"check": "report_a_person", "score": 0, "detail": {"count": total // max(people, 1), "limit": A_PERSON}}
        )
    if total > IN_ALL:
        found.append({"check": "report_in_all", "score": 0, "detail": {"count": total, "limit": IN_ALL}})
    return found
