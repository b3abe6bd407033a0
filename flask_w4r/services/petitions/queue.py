"""Signatures in the queue: what of one a moderator sees, which wait, and what a decision does to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ...i18n import lazy_gettext
from ...keyring import Keyring
from ...models import Batch, BatchRow, Case, Signature
from ...seam import QueueKind
from ...sections import Section
from ...state import Hooks
from ..moderation.filters import TIERS, Filters, NetworkMark, Place
from ..moderation.kinds import COUNT_CAP, QueuePage
from ..moderation.reasons import ReasonLine, reason_lines
from ..people.addresses import mask_address
from ..people.names import full_name
from . import batches
from .subscribers import are_wanted, enqueue_subscriber


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
        name=full_name(person),
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
    hooks: Hooks,
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
    if act == "approve" and are_wanted(hooks):
        _hand_on_opt_ins(session, keyring, section, batch, hooks, now=now)
    return batch


def signature_conditions(filters: Filters, case_ids: list[int] | None) -> list[ColumnElement[bool]]:
    """The filters as conditions on signatures.

    :param case_ids: the cases that ``filters.case`` names in the section; ``None`` where it names none.
    """
    found: list[ColumnElement[bool]] = []
    if case_ids is not None:
        # One case, as nearly always, in the form that its index is used for.
        found.append(Signature.case_id == case_ids[0] if len(case_ids) == 1 else Signature.case_id.in_(case_ids))
    for column in (Signature.held_for, Signature.state, Signature.mail_domain, Signature.captcha):
        wanted = getattr(filters, column.key)
        if wanted is not None:
            found.append(column == wanted)
    if filters.score is not None:
        found.append(Signature.score >= filters.score)
    if filters.since is not None:
        found.append(Signature.held_at >= filters.since)
    if filters.until is not None:
        found.append(Signature.held_at < filters.until)
    if filters.net is not None:
        found += [Signature.net_day == filters.net.day, network_column(filters.net.tier) == filters.net.digest]
    return found


def network_column(tier: str) -> Any:
    """The column that holds the hash of a tier."""
    return getattr(Signature, f"net_{tier}")


def _hand_on_opt_ins(
    session: Session, keyring: Keyring, section: Section, batch: Batch, hooks: Hooks, *, now: datetime
) -> None:
    """Where no mail is confirmed, a held signature's opt-in waited for its release."""
    if section.confirmation != "none":
        return
    released = select(BatchRow.item_id).where(BatchRow.batch_id == batch.id, BatchRow.kind == batches.SIGNATURE)
    for number in session.scalars(released).all():
        enqueue_subscriber(session, keyring, section, number, hooks=hooks, now=now)


SIGNATURES = QueueKind(
    batches.SIGNATURE,
    lazy_gettext("Signatures"),
    _count_signatures,
    _signature_page,
    _decide_signatures,
    batches.undo,
    named=False,
    filters=("held_for", "state", "captcha", "mail_domain", "score", "net"),
)
