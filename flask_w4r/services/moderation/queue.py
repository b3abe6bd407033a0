"""The queue: what waits for the desk, why, and what becomes of it.

What may wait is a registry of kinds. Each lists a page of its own and decides on its own rows; cursors, batches, the
log and the desk's pages are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Batch, Case, Signature
from ...sections import Section
from ...state import Actor, Hooks, Permission
from ..hosting import queue as event_queue
from ..people.addresses import mask_address
from ..people.permissions import require
from ..petitions import batches
from .filters import TIERS, Filters, NetworkMark, Place, network_column, signature_conditions
from .kinds import COUNT_CAP, PAGE_SIZE, QueueKind, QueuePage
from .reasons import ReasonLine, reason_lines

__all__ = [
    "COUNT_CAP",
    "KINDS",
    "PAGE_SIZE",
    "QueueKind",
    "QueuePage",
    "QueueRow",
    "case_choices",
    "count_of",
    "page_of",
]


@dataclass(frozen=True)
class QueueRow:
    """One signature that waits, as a moderator sees it."""

    kind: str
    id: int
    case_slug: str
    case_name: str
    name: str
    #: Masked; ``None`` where there is none.
    address: str | None
    state: str
    held_at: datetime
    created_at: datetime
    confirmed_at: datetime | None
    score: int
    captcha: str
    mail_domain: str | None
    reasons: Sequence[ReasonLine]
    #: By tier; empty once the day's key is gone.
    networks: Mapping[str, NetworkMark]

    @property
    def item(self) -> str:
        """What names it in a form: ``signature:17``."""
        return f"{self.kind}:{self.id}"


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
    place = Place.parse(cursor) if cursor else None
    return _kind(filters).list_page(session, keyring, section, filters, place, size)


def count_of(
    session: Session, hooks: Hooks, actor: Actor | None, section: Section, filters: Filters
) -> tuple[int, bool]:
    """How many wait in a section.

    :returns: the number, up to :data:`COUNT_CAP`, and whether there are more.
    :raises PermissionDenied: the actor may not see the queue.
    """
    require(hooks, actor, Permission.VIEW_QUEUE, section)
    count = _kind(filters).count(session, section, filters)
    return min(count, COUNT_CAP), count > COUNT_CAP


def _kind(filters: Filters) -> QueueKind:
    return KINDS.get(filters.kind, KINDS[batches.SIGNATURE])


def case_choices(session: Session, section: Section) -> list[tuple[str, str]]:
    """The section's cases, ``(slug, name)``, each once, by name."""
    rows = session.execute(select(Case.slug, Case.name).where(Case.section == section.code).order_by(Case.id)).all()
    names = {row.slug: row.name for row in rows}
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


def _waiting(session: Session, section: Section, filters: Filters) -> list[ColumnElement[bool]]:
    case_ids: list[int] | None = None
    if filters.case is not None:
        named = select(Case.id).where(Case.section == section.code, Case.slug == filters.case)
        case_ids = list(session.scalars(named))
    return [
        Signature.section == section.code,
        Signature.held_at.is_not(None),
        *signature_conditions(filters, case_ids),
    ]


def _count_signatures(session: Session, section: Section, filters: Filters) -> int:
    capped = select(Signature.id).where(*_waiting(session, section, filters)).limit(COUNT_CAP + 1).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


def _signature_page(
    session: Session, keyring: Keyring, section: Section, filters: Filters, place: Place | None, size: int
) -> QueuePage:
    waits = _waiting(session, section, filters)
    count = _count_signatures(session, section, filters)
    order = (Signature.held_at, Signature.id)
    if filters.order == "newest":
        order = tuple(column.desc() for column in order)  # type: ignore[assignment]
    after = [] if place is None else [place.after(filters.order, Signature.held_at, Signature.id)]
    query = select(Signature).where(*waits, *after).order_by(*order).limit(size + 1)
    found = session.scalars(query).all()
    rows = found[:size]
    names = _cases(session, rows)
    last = rows[-1] if len(found) > size else None
    return QueuePage(
        rows=[_row(keyring, row, *names[row.case_id]) for row in rows],
        count=min(count, COUNT_CAP),
        more=count > COUNT_CAP,
        next_cursor=str(Place(last.held_at, last.id)) if last is not None and last.held_at is not None else None,
    )


def _cases(session: Session, rows: Sequence[Signature]) -> dict[int, tuple[str, str]]:
    wanted = {row.case_id for row in rows}
    if not wanted:
        return {}
    found = session.execute(select(Case.id, Case.slug, Case.name).where(Case.id.in_(wanted))).all()
    return {number: (slug, name) for number, slug, name in found}


def _row(keyring: Keyring, row: Signature, slug: str, case_name: str) -> QueueRow:
    person = keyring.open_json(row.person) if row.person else {}
    assert row.held_at is not None
    networks = {}
    if row.net_day is not None:
        for tier in TIERS:
            digest = getattr(row, network_column(tier).key)
            if digest is not None:
                networks[tier] = NetworkMark(row.net_day, tier, bytes(digest))
    return QueueRow(
        kind=batches.SIGNATURE,
        id=row.id,
        case_slug=slug,
        case_name=case_name,
        name=" ".join(part for part in (person.get("first_name"), person.get("last_name")) if part),
        address=mask_address(person["email"]) if person.get("email") else None,
        state=row.state,
        held_at=row.held_at,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        score=row.score,
        captcha=row.captcha,
        mail_domain=row.mail_domain,
        reasons=reason_lines(row.reasons),
        networks=networks,
    )


def _decide_signatures(
    session: Session,
    keyring: Keyring,
    section: Section,
    ids: Sequence[int],
    act: str,
    make_batch: Callable[[], Batch],
    now: datetime,
) -> Batch | None:
    locked = batches.lock_signatures(session, section, ids)
    # Somebody else's decision stands: what waits no more is not decided again, in either direction.
    waiting = [row for row in locked if row.held_at is not None and row.state in ("pending", "confirmed")]
    if not waiting:
        return None
    batch = make_batch()
    apply = batches.release if act == "approve" else batches.invalidate
    apply(session, keyring, section, batch, waiting, now=now)
    return batch


#: What may wait, by the name that URLs and forms use.
KINDS: dict[str, QueueKind] = {
    batches.SIGNATURE: QueueKind(
        batches.SIGNATURE,
        lazy_gettext("Signatures"),
        _count_signatures,
        _signature_page,
        _decide_signatures,
        batches.undo,
    ),
    event_queue.EVENTS.name: event_queue.EVENTS,
    event_queue.REPORTS.name: event_queue.REPORTS,
}
