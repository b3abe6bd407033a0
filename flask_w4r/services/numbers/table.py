"""The same numbers as one long table: what a number is of, what it counts, and the number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ..tally.few import FEW
from .page import Numbers

#: Stands where a number is of a few.
UNDER = f"<{FEW}"
COLUMNS = ("section", "edition", "as_of", "table", "of", "what", "number")
_DAY = ("arrived", "confirmed", "counted", "held")
_CASE = ("signatures", "actions", "goal", "percent")


def _told(number: float | int | None) -> float | int | str:
    return UNDER if number is None else number


def rows(found: Numbers) -> Iterator[tuple[str, str, str, float | int | str | None]]:
    """Every number, as (table, of what, what it counts, number); ``None`` where there is none, :data:`UNDER` where it is of a few."""
    for figure in found.figures.rows:
        yield "actions", f"{figure.case} {figure.type}", f"{figure.source} {figure.status}", figure.count
    yield "people", found.edition, "people", found.figures.people
    for day in found.days:
        for name in _DAY:
            yield "day", day.day.isoformat(), name, getattr(day, name)
    for line in found.action_days:
        for kind, number in line.numbers.items():
            yield "action_day", line.day.isoformat() if line.day else "", kind, number
    for event in found.events:
        for kind, number in event.numbers.items():
            yield "event", event.slug, kind, number
    for source in found.sources:
        yield "source", source.source, "visits", _told(source.visits)
        yield "source", source.source, "forms", _told(source.actions)
    for one in found.providers:
        yield "provider", one.domain, "arrived", one.arrived
        yield "provider", one.domain, "confirmed", _told(one.confirmed)
    for case in found.cases:
        for name in _CASE:
            yield "case", case.slug, name, getattr(case, name)
        for name in ("lately", "usual"):
            yield "case", case.slug, name, _told(getattr(case, name))
        for kind, wanted in case.goals.items():
            yield "case", case.slug, f"goal {kind}", wanted
    for town in found.towns:
        yield "town", ", ".join(part for part in (town.name, town.region) if part), "nearest_event_km", town.nearest
    for edition in found.editions:
        for name in ("actions", "people", "signatures"):
            yield "edition", edition.year, name, getattr(edition, name)
        for kind, number in edition.types.items():
            yield "edition", edition.year, kind, number


def as_csv(found: Numbers) -> str:
    """The table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    place = (found.figures.section, found.edition, found.figures.as_dict()["as_of"])
    for table, of, what, number in rows(found):
        writer.writerow((*place, table, of, what, "" if number is None else number))
    return text.getvalue()
