"""A page of what waits in a table with ``section state held_at id``: for every kind that is decided row by row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...sections import Section
from .filters import Filters, Place
from .kinds import COUNT_CAP


def waiting(model: Any, section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions that a row waits, within the filters that every kind knows."""
    found: list[ColumnElement[bool]] = [
        model.section == section.code, model.held_at.is_not(None), model.state == "submitted",
    ]  # fmt: skip
    if filters.since is not None:
        found.append(model.held_at >= filters.since)
    if filters.until is not None:
        found.append(model.held_at < filters.until)
    return found


def count(session: Session, wanted: list[ColumnElement[bool]], model: Any) -> int:
    """How many wait, up to one above :data:`COUNT_CAP`."""
    capped = select(model.id).where(*wanted).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def page(
    session: Session, wanted: list[ColumnElement[bool]], filters: Filters, place: Place | None, size: int, model: Any
) -> tuple[list[Any], int, str | None]:
    """The rows of a page, how many wait, and where the next page begins."""
    order = [model.held_at, model.id]
    if filters.order == "newest":
        order = [column.desc() for column in order]
    after = [] if place is None else [place.after(filters.order, model.held_at, model.id)]
    found = session.scalars(select(model).where(*wanted, *after).order_by(*order).limit(size + 1)).all()
    rows = list(found[:size])
    cursor = str(Place(rows[-1].held_at, rows[-1].id)) if len(found) > size else None
    return rows, count(session, wanted, model), cursor
