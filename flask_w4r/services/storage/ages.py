"""Which rows are over: by their age, by what their section says, and unless something needs them still."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, func, not_, or_, select, true
from sqlalchemy.orm import Session

from ...seam import Retention, Sweep
from ...sections.days import days_of
from .rows import among

#: ``(session, sweep, ids) -> how many went``.
LetGo = Callable[[Session, Sweep, Sequence[Any]], int]


def mine(sweep: Sweep, section: Any) -> Any:
    """The condition that a row is of the section that is asked about.

    :param section: the column with a section's code.
    """
    return true() if sweep.code is None else section == sweep.code


def over(sweep: Sweep, name: str, section: Any, older: Callable[[datetime], Any]) -> Any:
    """The condition that a row is older than its section keeps it.

    :param name: which days, of ``sections.days.USUAL_DAYS`` or of a host's own.
    :param section: the column with a section's code.
    :param older: ``(moment) -> condition``: what came to be before a moment.
    """
    by_days: dict[int, list[str]] = defaultdict(list)
    for one in sweep.sections:
        by_days[days_of(one, name, sweep.kept)].append(one.code)

    def before(days: int) -> Any:
        return older(sweep.now - timedelta(days=days))

    if sweep.code is not None:
        days = next((days for days, codes in by_days.items() if sweep.code in codes), sweep.kept[name])
        return and_(section == sweep.code, before(days))
    usual = sweep.kept[name]
    if set(by_days) <= {usual}:
        return before(usual)
    others = [code for days, codes in by_days.items() if days != usual for code in codes]
    own = [and_(section.in_(codes), before(days)) for days, codes in by_days.items() if days != usual]
    return or_(and_(section.not_in(others), before(usual)), *own)


def needed(sweep: Sweep, table: str, ident: Any) -> Any:
    """The condition that something under way needs a row still, see ``seam.Reserves``.

    :param ident: the table's id column.
    """
    found = [one.needs(ident) for one in sweep.reserves if one.table == table]
    return or_(*found) if found else false()


def count(session: Session, sweep: Sweep, query: Any) -> int:
    """How many rows a query finds, counted up to ``sweep.most``."""
    rows = query.order_by(None).limit(sweep.most) if sweep.most is not None else query.order_by(None)
    return int(session.scalar(select(func.count()).select_from(rows.subquery())) or 0)


def counting(which: Callable[[Sweep], Any]) -> Callable[[Session, Sweep], int]:
    """A ``Retention.due`` that counts what a query finds.

    :param which: ``(sweep) -> the query``.
    """
    return lambda session, sweep: count(session, sweep, which(sweep))


def rule(
    name: str, keeps: Any, model: Any, which: Callable[[Sweep], Any], let_go: LetGo, *, of_site: bool = False,
    along: Any = None,
) -> Retention:  # fmt: skip
    """A rule that goes on in pieces: rows that are over are locked, looked at again, and let go of.

    :param model: whose ``id`` tells the rows apart.
    :param which: ``(sweep) -> condition``: the rows that are over.
    :param let_go: deletes or wipes rows that are locked.
    :param along: the first column of an index that leads to the rows that are over. By their number, which is usual, each
        piece passes over all that went before, where those stay in the table.
    """
    table = model.__table__.name
    order = model.id if along is None else along

    def rows(sweep: Sweep) -> Any:
        return select(model.id).where(which(sweep))

    def sweep_piece(session: Session, sweep: Sweep) -> int:
        free = rows(sweep).where(not_(needed(sweep, table, model.id)))
        ids = session.scalars(free.order_by(order).limit(sweep.limit).with_for_update()).all()
        if ids and sweep.reserves:
            # Whoever began to need a row while this waited for its lock is seen only now.
            still = select(model.id).where(among(session, model.id, ids), not_(needed(sweep, table, model.id)))
            ids = session.scalars(still).all()
        return let_go(session, sweep, ids) if ids else 0

    def kept_back(session: Session, sweep: Sweep) -> int:
        return count(session, sweep, rows(sweep).where(needed(sweep, table, model.id)))

    return Retention(name, keeps, sweep_piece, counting(rows), in_pieces=True, needed=kept_back, of_site=of_site)
