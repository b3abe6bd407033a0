"""Taking an export away: allowed, logged, marked, and read a piece at a time so that memory does not grow with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import insist
from ...models import Case
from ...seam import Export, ExportAsk
from ...sections import Section
from ...state import Actor, Hooks, Permission, get_state
from ..audit import record as audit
from ..people.permissions import require
from ..storage.unit_of_work import UnitOfWork, read, run
from . import sheets
from .sealing import sealed
from .writers import FORMATS, Mark

#: Why somebody may take data away. The log and the file keep which.
REASONS = ("hand_over", "newsletter", "check", "authority", "move")


@dataclass(frozen=True)
class Order:
    """What somebody takes away.

    :param who: as the log keeps them: the host's id of a member of staff, or ``audit.record.CLI``.
    :param label: as the file names them.
    :param why: one of :data:`REASONS`; empty from the shell.
    :param allowed: asked before each piece; raises where they may not (any more).
    """

    export: Export
    ask: ExportAsk
    format: str
    who: str
    label: str
    why: str = ""
    recipients: Sequence[str] = ()
    allowed: Callable[[], None] = field(default=lambda: None)

    @property
    def filename(self) -> str:
        """What the file is called; it names nobody."""
        return f"{self.export.name}-{self.ask.section.code}.{self.format}" + (".age" if self.recipients else "")


def insist_allowed(
    hooks: Hooks, actor: Actor | None, export: Export, section: Section, *, withheld: bool = False
) -> None:
    """Whether a member of staff may take an export away.

    :param withheld: with what people asked to keep back.
    :raises PermissionDenied: they may not.
    """
    for permission in export.permissions:
        require(hooks, actor, Permission(permission), section)
    if withheld:
        require(hooks, actor, Permission.EXPORT_WITHHELD, section)


def take(app: Any, order: Order) -> Iterator[bytes]:
    """Begin to take a file away: that is logged at once, and how much it was when all of it is taken.

    :returns: the file, a chunk at a time.
    :raises BadValue: there is no such format or reason.
    :raises PermissionDenied: they may not.
    """
    insist(order.format in FORMATS, "format", f"be one of {', '.join(FORMATS)}")
    insist(not order.why or order.why in REASONS, "reason", f"be one of {', '.join(REASONS)}")
    state, ask = get_state(app), order.ask
    if order.format == "xlsx":
        sheets.need()
    rows = pieces(app, order.export, ask, allowed=order.allowed)
    # What is wrong with the question is found before anything is logged or given out.
    first = next(rows)
    now = state.clock()
    run(app, partial(_log, order, "export_begun", 0))
    mark = Mark(order.export.name, ask.section.code, order.label, _second(now), order.why)
    counted = _Counted(chain([first], rows))
    chunks = FORMATS[order.format].write(order.export.columns(ask.section), counted, mark)

    def file() -> Iterator[bytes]:
        yield from sealed(chunks, order.recipients) if order.recipients else chunks
        run(app, partial(_log, order, "export_taken", counted.count))

    return file()


def cases(session: Session, section: Section) -> list[tuple[str, str]]:
    """What an export may be of alone: slugs and names, by name."""
    query = select(Case.slug, Case.name).where(Case.section == section.code).order_by(Case.name, Case.id)
    return list({row.slug: row.name for row in session.execute(query)}.items())


def pieces(
    app: Any, export: Export, ask: ExportAsk, *, allowed: Callable[[], None] = lambda: None
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows of an export, some thousand at a time, each read by itself: no transaction lasts as long as a download.

    :param allowed: asked before each piece.
    """
    keyring = get_state(app).keyring
    place: Any = None
    while True:
        allowed()
        rows, place = read(app, partial(export.piece, keyring=keyring, ask=ask, place=place))
        yield rows
        if place is None:
            return


class _Counted:
    def __init__(self, pieces: Iterable[Sequence[tuple[Any, ...]]]) -> None:
        self._pieces, self.count = pieces, 0

    def __iter__(self) -> Iterator[Sequence[tuple[Any, ...]]]:
        for rows in self._pieces:
            self.count += len(rows)
            yield rows


def _log(order: Order, action: str, count: int, work: UnitOfWork) -> None:
    ask, state = order.ask, work.state
    facts = {
        "format": order.format, "reason": order.why, "case": ask.case, "since": ask.since and _second(ask.since),
        "withheld": ask.withheld or None, "sealed_for": len(order.recipients) or None,
    }  # fmt: skip
    changes = {name: [None, value] for name, value in facts.items() if value}
    audit.append(
        work.session, state.keyring, ask.section, order.who, action, f"export:{order.export.name}", changes=changes,
        count=count, now=state.clock(),
    )  # fmt: skip


def _second(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
