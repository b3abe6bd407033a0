"""Taking a case's signatures for a delivery, and giving them back.

A signature is in one delivery at most, since it is the key of the table that says so: of two that take it at once the
database lets one have it. Nothing is read first.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from ...errors import CaseWithdrawn, DeliveryClosed, NotFound, NothingToDeliver, insist
from ...models import Case, Delivery, DeliveryName, Edition, Signature
from ...models.delivery import UNFROZEN
from ...sections import Section
from ..storage.rows import execute
from ..storage.upsert import insert_selected

#: Recipients of one delivery, and the length of each.
MOST_RECIPIENTS, LONGEST_RECIPIENT = 50, 200
#: A signature that counts and has a name. Who erased theirs, withdrew, became invalid or waits at the desk is not handed over; nor
#: is what retention has left nothing but the count of.
COUNTED = and_(Signature.state == "confirmed", Signature.held_at.is_(None), Signature.let_go_at.is_(None))
#: What may still be handed over or called off.
OPEN = or_(Delivery.state == "prepared", and_(Delivery.state == "handed_over", Delivery.outcome == "refused"))
#: What was really given away, and cannot be called back.
GIVEN = and_(Delivery.state == "handed_over", Delivery.outcome != "refused")


def waiting(case_id: Any) -> Any:
    """The condition of a case's signatures that are to be delivered."""
    taken = select(DeliveryName.signature_id).where(DeliveryName.signature_id == Signature.id).exists()
    return and_(Signature.case_id == case_id, COUNTED, Signature.delivered_at.is_(None), ~taken)


def prepare(
    session: Session, section: Section, case_id: int, recipients: Sequence[str], *, actor_id: str, now: datetime
) -> Delivery:
    """Take all signatures of a case that count and were not delivered yet.

    :param case_id: a case of the section.
    :param recipients: whom they are for: offices, such as an embassy.
    :param actor_id: who prepares it.
    :returns: the delivery, flushed; its names are still to be frozen.
    :raises NothingToDeliver: there are none.
    :raises CaseWithdrawn: the case was withdrawn.
    :raises BadValue: there is no recipient, or one is too long.
    """
    wanted = list(dict.fromkeys(" ".join(one.split()) for one in recipients if one.strip()))
    insist(0 < len(wanted) <= MOST_RECIPIENTS, "recipients", f"be 1 to {MOST_RECIPIENTS}")
    insist(
        all(len(one) <= LONGEST_RECIPIENT for one in wanted),
        "recipients",
        f"have {LONGEST_RECIPIENT} characters at most",
    )
    case = session.get(Case, case_id, populate_existing=True)
    if case is None or case.section != section.code:
        raise NotFound(case_id)
    if case.status == "withdrawn":
        raise CaseWithdrawn(case.slug)
    _forget_reused(session, section)
    row = Delivery(
        public_id=secrets.token_hex(8), section=section.code, case_id=case_id, recipients=wanted,
        fields=list(section.handed_over), state="prepared", prepared_at=now, prepared_by=actor_id[:100], **UNFROZEN,
    )  # fmt: skip
    session.add(row)
    session.flush()
    # In one order everywhere, so that two who take them at once do not wait for each other in a ring.
    rows = select(Signature.id, literal(row.id)).where(waiting(case_id)).order_by(Signature.id)
    if not insert_selected(session, DeliveryName.__table__, ("signature_id", "delivery_id"), rows):
        raise NothingToDeliver(case.slug)
    return row


def _forget_reused(session: Session, section: Section) -> None:
    """Drop what is said of signatures that are gone. SQLite gives their numbers to others, and may not enforce foreign keys."""
    if session.get_bind().dialect.name == "sqlite":
        given = select(Delivery.id).where(Delivery.section == section.code, GIVEN)
        there = select(Signature.id).where(
            Signature.id == DeliveryName.signature_id, Signature.delivered_at.is_not(None)
        )
        execute(session, delete(DeliveryName).where(DeliveryName.delivery_id.in_(given), ~there.exists()))


def find(session: Session, section: Section, public_id: str, *, lock: bool = False) -> Delivery:
    """A delivery of a section.

    :param lock: keep it from others until the transaction ends.
    :raises NotFound: there is none of that name.
    """
    query = select(Delivery).where(Delivery.section == section.code, Delivery.public_id == public_id)
    query = query.execution_options(populate_existing=True)
    row = session.scalars(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(public_id)
    return row


def find_open(session: Session, section: Section, public_id: str) -> Delivery:
    """A delivery that may still be handed over, kept from others until the transaction ends.

    :raises NotFound: there is none of that name.
    :raises DeliveryClosed: it may not.
    """
    row = find(session, section, public_id, lock=True)
    if not is_open(row):
        raise DeliveryClosed(public_id)
    return row


def is_open(row: Delivery) -> bool:
    """:data:`OPEN`, of a row that was read."""
    return row.state == "prepared" or (row.state == "handed_over" and row.outcome == "refused")


def call_off(session: Session, section: Section, public_id: str, *, actor_id: str, now: datetime) -> int:
    """Give all signatures of a delivery back: they are in the next one.

    :returns: how many there were.
    :raises DeliveryClosed: it was handed over or called off already.
    """
    row = find_open(session, section, public_id)
    closed = {"state": "called_off", "called_off_at": now, "closed_by": actor_id[:100], "salt": None, "freezing": None}
    execute(session, update(Delivery).where(Delivery.id == row.id, OPEN).values(**closed))
    return execute(session, delete(DeliveryName).where(DeliveryName.delivery_id == row.id))


def waiting_counts(session: Session, section: Section, case_ids: Collection[int]) -> dict[int, int]:
    """How many signatures of some cases are to be delivered; nothing of cases without any."""
    rows = session.execute(
        select(Signature.case_id, func.count())
        .where(Signature.section == section.code, Signature.case_id.in_(case_ids), waiting(Signature.case_id))
        .group_by(Signature.case_id)
    )
    return dict(rows.all())


def case_ids(session: Session, section: Section, slugs: Sequence[str] | None) -> list[tuple[int, str]]:
    """Cases by their names, each in the newest edition that has it; ``None``: all that are not withdrawn.

    :returns: id and slug of each, in the order of an edition.
    :raises NotFound: one of them is not there.
    :raises CaseWithdrawn: one of them was withdrawn.
    """
    rows = session.execute(
        select(Case.id, Case.slug, Case.status)
        .join(Edition, Edition.id == Case.edition_id)
        .where(Case.section == section.code)
        .order_by(Edition.starts_on.desc(), Case.position, Case.id)
    ).all()
    newest: dict[str, Any] = {}
    for row in rows:
        newest.setdefault(row.slug, row)
    if slugs is None:
        return [(row.id, row.slug) for row in rows if row.status != "withdrawn"]
    for slug in slugs:
        if slug not in newest:
            raise NotFound(slug)
        if newest[slug].status == "withdrawn":
            raise CaseWithdrawn(slug)
    return [(newest[slug].id, slug) for slug in dict.fromkeys(slugs)]
