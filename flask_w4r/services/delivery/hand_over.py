"""Saying that a delivery was handed over: what is given away then is exactly what was certified, and is marked by sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...errors import FilesOutdated, insist
from ...models import Case, Delivery, DeliveryName, Signature
from ...models.delivery import OUTCOMES
from ...sections import Section
from ...signals import delivery_made
from ...state import get_state
from ..campaign.catalogue import local_date
from ..campaign.status import case_urls
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, read, run
from . import claim, names
from .claim import COUNTED, GIVEN, OPEN

LONGEST_NOTE, LONGEST_NAME = 2000, 200


def hand_over(
    app: Any,
    section: Section,
    public_id: str,
    *,
    on: date,
    by: str,
    outcome: str = "met",
    note: str = "",
    receipts: bool | None = None,
    actor_id: str,
    absolute: Callable[..., str | None] | None = None,
    also: Any = None,
) -> Delivery:
    """Note that a delivery was handed over, met or by post, or that it was refused.

    Its names are read again first: where somebody left since the files were made, or is called otherwise, they are not
    what would be handed over, and nothing is changed.

    :param on: the day, which is not to come.
    :param by: who took it there.
    :param outcome: ``met``, ``posted`` or ``refused``. Refused, it may be handed over again or called off.
    :param note: for the public page.
    :param receipts: mail each signer a receipt; ``None``: as the section wants.
    :param actor_id: who says so.
    :param absolute: makes a full URL, or ``None`` where there is no such page: for the signal, which says what a cache in front
        of the site should purge.
    :param also: ``(work, delivery)``, called last in the transaction: for the log.
    :returns: the delivery as it is now.
    :raises FilesOutdated: its files must be made again.
    :raises DeliveryClosed: it was handed over or called off already.
    :raises BadValue: a value cannot be so.
    """
    state = get_state(app)
    insist(outcome in OUTCOMES, "outcome", f"be one of {', '.join(OUTCOMES)}")
    insist(
        0 < len(by.strip()) <= LONGEST_NAME,
        "by",
        f"be the name of who took it there, of {LONGEST_NAME} characters at most",
    )
    insist(len(note) <= LONGEST_NOTE, "note", f"have {LONGEST_NOTE} characters at most")
    row = read(app, lambda session: claim.find(session, section, public_id))
    since = state.clock()
    # An embassy may be where it is tomorrow already.
    insist(on <= local_date(section, since) + timedelta(days=1), "on", "not be a day to come")
    if claim.is_open(row):
        if row.root is None or not row.count:
            raise FilesOutdated(public_id)
        for _ in names.frozen(app, section, row, 1, row.count):
            pass
    values = {
        "state": "handed_over", "outcome": outcome, "note": " ".join(note.split()) or None, "handed_over_on": on,
        "handed_over_by": state.keyring.seal(" ".join(by.split())), "closed_by": actor_id[:100],
        "receipts_due": outcome != "refused" and (section.delivery_receipts if receipts is None else receipts),
    }  # fmt: skip
    return run(
        app, partial(_note, section=section, read_row=row, since=since, values=values, absolute=absolute, also=also)
    )


def _note(
    work: UnitOfWork,
    *,
    section: Section,
    read_row: Delivery,
    since: datetime,
    values: dict[str, Any],
    absolute: Callable[..., str | None] | None,
    also: Any,
) -> Delivery:
    session, now = work.session, work.state.clock()
    row = claim.find_open(session, section, read_row.public_id)
    given = values["outcome"] != "refused"
    if row.root != read_row.root or not _is_whole(session, row, since):
        raise FilesOutdated(row.public_id)
    done = update(Delivery).where(Delivery.id == row.id, OPEN).values(**values, handed_over_at=now)
    execute(session, done)
    if given:
        mine = select(DeliveryName.signature_id).where(DeliveryName.delivery_id == row.id)
        marked = update(Signature).where(
            Signature.id.in_(mine), COUNTED, Signature.delivered_at.is_(None), Signature.updated_at <= since
        )
        # Whoever leaves at this very moment is waited for, or waits; the number tells.
        if execute(session, marked.values(delivered_at=now)) != row.count:
            raise FilesOutdated(row.public_id)
        if not values["receipts_due"]:
            forget_salts(session, row.id)
    session.refresh(row)
    slug = session.get_one(Case, row.case_id).slug
    urls = case_urls(session, section, slug, absolute, work.state.seam.urls) if absolute is not None else ()
    work.emit(
        delivery_made, delivery=row.public_id, section=section.code, case_id=row.case_id, outcome=row.outcome, urls=urls
    )
    if also is not None:
        also(work, row)
    return row


def _is_whole(session: Session, row: Delivery, since: datetime) -> bool:
    """Whether all that was frozen still counts, and nobody's details changed since a moment."""
    mine = DeliveryName.delivery_id == row.id
    there = session.scalar(select(func.count()).select_from(DeliveryName).where(mine, DeliveryName.number.is_not(None)))
    joined = select(func.count()).select_from(DeliveryName).join(Signature, Signature.id == DeliveryName.signature_id)
    counted = session.scalar(
        joined.where(mine, DeliveryName.number.is_not(None), COUNTED, Signature.updated_at <= since)
    )
    return there == counted == row.count


def forget_salts(session: Session, delivery_id: int) -> None:
    """Nothing is proved of a name of it any more, and nobody can try whose it was."""
    execute(session, update(Delivery).where(Delivery.id == delivery_id).values(salt=None, receipts_due=False))
    leaves = update(DeliveryName).where(DeliveryName.delivery_id == delivery_id, DeliveryName.leaf.is_not(None))
    execute(session, leaves.values(leaf=None))


def needed(number: Any) -> Any:
    """The condition of signatures that a delivery still needs: it is prepared and may be handed over, was refused, or
    receipts are made of it. Retention leaves them; see ``seam.Reserves``.

    :param number: the column with a signature's number.
    """
    needing = select(Delivery.id).where(OPEN | (GIVEN & Delivery.receipts_due))
    mine = select(DeliveryName.signature_id).where(
        DeliveryName.signature_id == number, DeliveryName.delivery_id.in_(needing)
    )
    return mine.exists()
