"""The worker's batch: rows in their order, judged together, written by sets, in one transaction.

A worker that is killed has done the whole batch or nothing of it. Several workers pass over the rows that another holds.
A row that cannot be processed is set aside with its reason, and the others go on.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from ...keyring import SealBroken
from ...models import Intake
from ...seam import Tools
from ...state import W4RState, get_state
from ..people.erasures import erased_among
from ..storage.rows import can_skip_locked, execute
from ..storage.unit_of_work import UnitOfWork, read, run
from .proofs import replayed
from .sent import Entry, Sent

log = logging.getLogger("flask_w4r.intake")

#: What is wrong with one row rather than with the database.
_OF_THE_ROW = (DataError, IntegrityError)


class Unusable(Exception):
    """A row cannot be processed; the text says why, without any personal data."""


def job(app: Any, tools: Tools) -> dict[str, Any]:
    """Process what waits: what the worker runs. Returns what was done, by name."""
    done = {"processed": 0, "set_aside": 0}
    began = time.monotonic()
    while not tools.stop.is_set():
        processed, aside = take(app, size=tools.intake_batch)
        done["processed"] += processed
        done["set_aside"] += aside
        # What came meanwhile waits for more to come, and is done with it. Mail of what was processed should leave too.
        if processed + aside < tools.intake_batch or time.monotonic() - began > tools.turn_seconds:
            break
    return done


def is_waiting(session: Session, now: Any = None) -> bool:
    """Whether any row waits to be processed."""
    return session.execute(select(Intake.id).where(Intake.set_aside_at.is_(None)).limit(1)).first() is not None


def take(app: Any, *, size: int = 500) -> tuple[int, int]:
    """Process one batch.

    :param app: the Flask app.
    :param size: rows at most.
    :returns: how many were processed, and how many set aside.
    """
    if not read(app, is_waiting):
        return 0, 0
    held: list[int] = []

    def work(uow: UnitOfWork) -> int:
        rows = _claim(uow.session, size)
        held[:] = [row.id for row in rows]
        return _process(uow, rows)

    try:
        return run(app, work), 0
    except DBAPIError as error:
        if not isinstance(error, _OF_THE_ROW):
            raise
    except Exception as error:
        log.warning("intake: a batch of %d failed (%s); each row by itself", len(held), type(error).__name__)
    return _each_by_itself(app, held)


def _each_by_itself(app: Any, ids: Sequence[int]) -> tuple[int, int]:
    processed = aside = 0
    for number in ids:
        try:
            processed += run(app, lambda uow, number=number: _process(uow, _claim(uow.session, 1, number)))  # type: ignore[misc]
        except DBAPIError as error:
            if not isinstance(error, _OF_THE_ROW):
                raise
            aside += _set_aside(app, number, type(error).__name__)
        except Exception as error:
            aside += _set_aside(app, number, str(error) if isinstance(error, Unusable) else type(error).__name__)
    return processed, aside


def _set_aside(app: Any, number: int, problem: str) -> int:
    now = get_state(app).clock()
    log.error("intake: row %d set aside (%s); see 'flask w4r intake status'", number, problem)
    aside = update(Intake).where(Intake.id == number, Intake.set_aside_at.is_(None))
    return run(app, lambda uow: execute(uow.session, aside.values(set_aside_at=now, problem=problem[:200])))


def _claim(session: Session, size: int, number: int | None = None) -> Sequence[Any]:
    """Rows that nobody else has until the transaction ends, oldest first."""
    query = select(Intake.id, Intake.section, Intake.kind, Intake.sealed, Intake.received_at)
    waiting = query.where(Intake.set_aside_at.is_(None))
    if number is not None:
        waiting = waiting.where(Intake.id == number)
    waiting = waiting.order_by(Intake.id).limit(size).with_for_update(skip_locked=can_skip_locked(session))
    return session.execute(waiting).all()


def _process(uow: UnitOfWork, rows: Sequence[Any]) -> int:
    """Judge and write these rows, and delete them."""
    if not rows:
        return 0
    state, session = uow.state, uow.session
    kinds = [(row.kind, _opened(state, row)) for row in rows]
    spent = replayed(session, [entry for _, entry in kinds])
    by_section: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
    for kind, entry in kinds:
        # A solution that was used before counts as none.
        by_section[entry.section.code].append((kind, _without_captcha(entry) if entry.id in spent else entry))
    for some in by_section.values():
        kept = _of_those_who_stay(uow, some)
        if kept:
            _judge_and_write(uow, kept)
    execute(session, delete(Intake).where(Intake.id.in_([row.id for row in rows])))
    return len(rows)


def _of_those_who_stay(uow: UnitOfWork, some: Sequence[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """Without what was sent by somebody who had themselves erased since."""
    section, whose = some[0][1].section, {}
    for kind, entry in some:
        address = uow.state.seam.intake[kind].author(entry).address
        whose[entry.id] = (address.canonical if address else "", entry.sent.at)
    gone = erased_among(uow.session, uow.state.keyring, section, list(whose.values()))
    return [(kind, entry) for kind, entry in some if whose[entry.id] not in gone]


def _judge_and_write(uow: UnitOfWork, some: Sequence[tuple[str, Entry]]) -> None:
    """Rows of one section: everything that came is judged together, then each kind writes its own, and whoever hangs in is
    told of all."""
    seam, section = uow.state.seam, some[0][1].section
    asked = [(entry.sent, seam.intake[kind].author(entry), f"intake-{entry.id}") for kind, entry in some]
    judgements = uow.state.lazy["judge"](section, asked, uow.session)
    by_kind: dict[str, list[tuple[Entry, Any]]] = defaultdict(list)
    for (kind, entry), judgement in zip(some, judgements, strict=True):
        by_kind[kind].append((entry, judgement))
    for kind, judged in by_kind.items():
        seam.intake[kind].write(uow, section, judged)
    for heard in seam.heard:
        heard(uow, section, [one for judged in by_kind.values() for one in judged])


def _opened(state: W4RState, row: Any) -> Entry:
    section = state.sections.get(row.section)
    if section is None:
        raise Unusable(f"section {row.section} is no longer configured")
    if row.kind not in state.seam.intake:
        raise Unusable(f"no capability takes the kind {row.kind}")
    try:
        opened = state.keyring.open_json(row.sealed)
    except SealBroken:
        raise Unusable("no key in W4R_ENCRYPTION_KEYS opens it") from None
    return Entry(row.id, section, Sent.unpacked(opened["sent"], row.received_at), opened["values"])


def _without_captcha(entry: Entry) -> Entry:
    return replace(entry, sent=replace(entry.sent, captcha="missing", proof=None, proof_expires_at=None))
