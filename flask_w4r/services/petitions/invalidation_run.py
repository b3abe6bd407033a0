"""The worker's part of invalidations: run and undo them in pieces, each one transaction with its progress.

A piece writes its rows, what they were, the counts and how far it came, together or not at all: a worker that is
killed leaves whole pieces only, and the next one goes on after the last of them once the lease ran out.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from ...models import Batch, Signature
from ...seam import Tools
from ...sections import Section
from ...state import W4RState, get_state
from ..audit import record as audit
from ..storage.unit_of_work import UnitOfWork, read, run
from . import batches
from .invalidation import ALONE_AT_MOST, KIND, conditions_of
from .invalidation_conditions import ConditionFault, Opened, clauses

#: Rows looked at in one transaction.
PIECE = 500
_TURNS = {"queued": "running", "undo_queued": "undoing"}
#: How a worker's part can end: what the log calls it, and the counts it keeps.
_LOGGED = {
    "done": ("invalidation_done", ("applied", "scanned")),
    "waiting": ("invalidation_paused", ("applied", "scanned")),
    "undone": ("invalidation_undone", ("undone", "skipped")),
}
_WORKED_ON = (*_TURNS, *_TURNS.values())


@dataclass(frozen=True)
class _Piece:
    """What one transaction did."""

    invalidated: int = 0
    restored: int = 0
    #: Left alone by an undo.
    skipped: int = 0
    #: The worker's part of this batch ends here.
    over: bool = False


def run_due(
    app: Any, *, stop: Callable[[], bool] = lambda: False, lease_seconds: float = 120, piece: int = PIECE
) -> dict[str, int]:
    """Run every invalidation and every undo that waits for the worker.

    :param stop: asked between two pieces; when true, what is left is given back for another worker.
    :param lease_seconds: how long a claim holds after its last piece.
    :param piece: rows looked at in one transaction.
    :returns: how many signatures were invalidated, restored and skipped.
    """
    worker = secrets.token_hex(8)
    done = {"invalidated": 0, "restored": 0, "skipped": 0}
    while not stop() and (number := _claim(app, worker, lease_seconds)) is not None:
        one_piece = partial(_one_piece, worker=worker, number=number, lease_seconds=lease_seconds, piece=piece)
        over = False
        while not over:
            result = run(app, one_piece)
            done["invalidated"] += result.invalidated
            done["restored"] += result.restored
            done["skipped"] += result.skipped
            over = result.over
            if not over and stop():
                run(app, partial(_let_go, worker=worker, number=number))
                return done
    return done


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Run the invalidations and undos that wait, for one turn: what the worker runs.

    :returns: how many signatures were invalidated, restored and skipped.
    """
    ends = time.monotonic() + tools.turn_seconds
    over = lambda: tools.stop.is_set() or time.monotonic() >= ends  # noqa: E731
    return dict(run_due(app, stop=over, lease_seconds=tools.lease_seconds))


def _claim(app: Any, worker: str, lease_seconds: float) -> int | None:
    """Take the oldest batch that nobody holds."""
    sections = sorted(get_state(app).sections)

    def due(state: W4RState) -> Any:
        free = or_(Batch.lease_until.is_(None), Batch.lease_until < state.clock())
        mine = Batch.section.in_(sections)
        waits = and_(Batch.kind == KIND, Batch.state.in_(_WORKED_ON), free, mine)
        return select(Batch).where(waits).order_by(Batch.id).limit(1)

    # Nearly always there is nothing to do: that costs a read and no write lock.
    if read(app, lambda session: session.execute(due(get_state(app)).with_only_columns(Batch.id)).first()) is None:
        return None

    def take(work: UnitOfWork) -> int | None:
        batch = work.session.scalars(due(work.state).with_for_update()).first()
        if batch is None:
            return None
        batch.state = _TURNS.get(batch.state, batch.state)
        batch.claimed_by, batch.lease_until = worker, work.state.clock() + timedelta(seconds=lease_seconds)
        return int(batch.id)

    return run(app, take)


def _let_go(work: UnitOfWork, worker: str, number: int) -> None:
    mine = update(Batch).where(Batch.id == number, Batch.claimed_by == worker)
    work.session.execute(mine.values(claimed_by=None, lease_until=None))


def _one_piece(work: UnitOfWork, worker: str, number: int, lease_seconds: float, piece: int) -> _Piece:
    session, state = work.session, work.state
    query = select(Batch).where(Batch.id == number).with_for_update().execution_options(populate_existing=True)
    batch = session.scalars(query).one()
    # Cancelled, or taken over by another since the lease ran out.
    if batch.claimed_by != worker or batch.state not in _TURNS.values():
        return _Piece(over=True)
    section = state.sections[batch.section]
    part = _undo if batch.state == "undoing" else _invalidate
    result = part(session, state, section, batch, piece)
    batch.lease_until = None if result.over else state.clock() + timedelta(seconds=lease_seconds)
    if result.over:
        batch.claimed_by = None
    session.flush()
    if result.over:
        _log(session, state, section, batch)
    return result


def _invalidate(session: Session, state: W4RState, section: Section, batch: Batch, piece: int) -> _Piece:
    conditions = conditions_of(state.keyring, batch)
    try:
        where = clauses(session, state.keyring, section, conditions)
    except ConditionFault:
        # What it named is gone since, such as the case: nothing more is meant.
        batch.state = "done"
        return _Piece(over=True)
    rows = session.scalars(
        select(Signature)
        .where(*where, Signature.id > batch.cursor, Signature.id <= batch.last_id)
        .order_by(Signature.id)
        .limit(piece)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    opened = Opened(state.keyring, conditions)
    meant = [row for row in rows if opened.means(row.person)]
    allowed = len(meant) if batch.approved_by else max(0, ALONE_AT_MOST - batch.applied)
    chosen = meant[:allowed]
    count = batches.invalidate(session, state.keyring, section, batch, chosen, now=state.clock())
    if len(chosen) < len(meant):
        # More than was expected: it stands still until a second person has looked, and goes on from here.
        batch.cursor = meant[allowed].id - 1
        batch.scanned += sum(row.id <= batch.cursor for row in rows)
        batch.state = "waiting"
        return _Piece(invalidated=count, over=True)
    batch.scanned += len(rows)
    if len(rows) < piece:
        batch.cursor, batch.state = batch.last_id, "done"
        return _Piece(invalidated=count, over=True)
    batch.cursor = rows[-1].id
    return _Piece(invalidated=count)


def _undo(session: Session, state: W4RState, section: Section, batch: Batch, piece: int) -> _Piece:
    result = batches.undo(session, state.keyring, section, batch, limit=piece)
    over = result.restored + result.skipped < piece
    if over:
        batch.state = "undone"
    return _Piece(restored=result.restored, skipped=result.skipped, over=over)


def _log(session: Session, state: W4RState, section: Section, batch: Batch) -> None:
    now = state.clock()
    action, names = _LOGGED[batch.state]
    if batch.state != "waiting":
        batch.finished_at = now
        session.flush()
    audit.append(
        session, state.keyring, section, audit.WORKER, action, f"batch:{batch.id}",
        changes={name: [0, getattr(batch, name)] for name in names}, count=getattr(batch, names[0]), now=now,
    )  # fmt: skip
