"""The queue: what waits for the desk, why, and what becomes of it.

What may wait are the kinds that capabilities bring (``seam.QueueKind``). Each lists a page of its own and decides on its
own rows; cursors, batches, the log and the desk's pages are the same for all.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import insist
from ...keyring import Keyring
from ...models import Case
from ...seam import QueueKind
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..people.permissions import require
from .filters import Filters, Place
from .kinds import COUNT_CAP, PAGE_SIZE, QueuePage

__all__ = ["COUNT_CAP", "PAGE_SIZE", "QueuePage", "case_choices", "count_of", "page_of"]


def page_of(
    session: Session,
    hooks: Hooks,
    actor: Actor | None,
    keyring: Keyring,
    section: Section,
    filters: Filters,
    cursor: str | None = None,
    *,
    size: int = PAGE_SIZE,
) -> QueuePage:
    """One page of what waits in a section.

    :param cursor: ``next_cursor`` of the page before; anything else is the first page.
    :raises PermissionDenied: the actor may not see the queue.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    insist(size >= 1, "size", "be at least 1")
    place = Place.parse(cursor) if cursor else None
    found: QueuePage = _kind(hooks, filters).list_page(session, keyring, section, filters, place, size)
    return found


def count_of(
    session: Session, hooks: Hooks, actor: Actor | None, section: Section, filters: Filters
) -> tuple[int, bool]:
    """How many wait in a section.

    :returns: the number, up to :data:`COUNT_CAP`, and whether there are more.
    :raises PermissionDenied: the actor may not see the queue.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    count = _kind(hooks, filters).count(session, section, filters)
    return min(count, COUNT_CAP), count > COUNT_CAP


def _kind(hooks: Hooks, filters: Filters) -> QueueKind:
    kinds = hooks.seam.queue
    return kinds.get(filters.kind) or next(iter(kinds.values()))


def case_choices(session: Session, section: Section) -> list[tuple[str, str]]:
    """The section's cases, ``(slug, name)``, each once, by name."""
    rows = session.execute(select(Case.slug, Case.name).where(Case.section == section.code).order_by(Case.id)).all()
    names = {row.slug: row.name for row in rows}
    return sorted(names.items(), key=lambda pair: pair[1].casefold())
