"""What a batch keeps of rows that are decided one by one, and how they are given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import Batch, BatchRow
from ...sections import Section


@dataclass(frozen=True)
class Undone:
    """What an undo did: rows given back, and rows left alone since they had changed or were erased meanwhile."""

    restored: int
    skipped: int


def lock(session: Session, section: Section, model: Any, ids: Sequence[int]) -> list[Any]:
    """These rows of the section as they stand now, in the order of their ids, kept from others until the end."""
    query = select(model).where(model.section == section.code, model.id.in_(ids)).order_by(model.id)
    return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))


def former(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    """What a row is before a decision, as :func:`keep` wants it."""
    values = ((name, getattr(row, name)) for name in columns)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}


def keep(session: Session, batch: Batch, kind: str, row: Any, former: Mapping[str, Any]) -> None:
    """Note that a batch changed a locked row: what it was, and how it was left."""
    session.flush()
    session.add(
        BatchRow(
            batch_id=batch.id, kind=kind, item_id=row.id, state="applied", former=dict(former),
            left_at=row.updated_at, left_version=row.version,
        )
    )  # fmt: skip
    batch.applied += 1
    session.flush()


def decide(
    session: Session,
    section: Section,
    kind: str,
    model: Any,
    ids: Sequence[int],
    make_batch: Callable[[], Batch],
    *,
    kept: Sequence[str],
    apply: Callable[[Batch, Any], None],
) -> Batch | None:
    """Decide on those of these rows that still wait; see ``seam.QueueKind``.

    The lock and the state together let each row through once, whoever else decides on it meanwhile.

    :param kept: the columns that ``apply`` may change.
    :param apply: called with the batch and each row that waits.
    """
    waiting = [
        row for row in lock(session, section, model, ids) if row.state == "submitted" and row.held_at is not None
    ]
    if not waiting:
        return None
    batch = make_batch()
    for row in waiting:
        before = former(row, kept)
        apply(batch, row)
        keep(session, batch, kind, row, before)
    return batch


def undo(
    session: Session,
    section: Section,
    batch: Batch,
    kind: str,
    model: Any,
    *,
    limit: int,
    states: Sequence[str],
    after: Callable[[Any], None],
) -> Undone:
    """Give back ``limit`` rows at most of what a batch changed. A row that changed since is left alone, and skipped.

    :param states: what the batch may have left the rows in.
    :param after: called with each row given back.
    """
    kept = {
        row.item_id: row
        for row in session.scalars(
            select(BatchRow)
            .where(BatchRow.batch_id == batch.id, BatchRow.kind == kind, BatchRow.state == "applied")
            .order_by(BatchRow.item_id)
            .limit(limit)
            .with_for_update()
        )
    }
    restored = 0
    for row in lock(session, section, model, sorted(kept)) if kept else ():
        item = kept[row.id]
        if row.state in states and row.updated_at == item.left_at and row.version == item.left_version:
            for name, value in item.former.items():
                is_moment = name.endswith("_at") and value is not None
                setattr(row, name, datetime.fromisoformat(value) if is_moment else value)
            after(row)
            item.state = "undone"
            restored += 1
    for item in kept.values():
        if item.state == "applied":
            item.state = "skipped"
    batch.undone += restored
    batch.skipped += len(kept) - restored
    session.flush()
    return Undone(restored, len(kept) - restored)
