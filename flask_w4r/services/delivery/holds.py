"""What "my data" says of deliveries, and what becomes of them when somebody erases what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ... import i18n
from ...i18n import gettext, lazy_gettext
from ...keyring import Keyring
from ...models import Case, Delivery, DeliveryName, Signature
from ...seam import Held, Holds
from ...sections import Section
from ..campaign.views import Lens
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from ..tally.counts import signature_scope
from . import receipts
from .claim import OPEN


def show(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Held]:
    """In which deliveries an address' signatures are: being prepared, or handed over, where and when."""
    section = lens.section
    named = session.execute(select(Case.id, Case.name, Case.status).where(Case.section == section.code))
    # Nothing names a case that was withdrawn, for the sake of the person at risk.
    cases = {row.id: gettext("A case that was withdrawn") if row.status == "withdrawn" else row.name for row in named}
    indexes = [index for case_id in cases for index in keyring.blinds(signature_scope(section, case_id), canonical)]
    rows = session.execute(
        select(Delivery, Signature.withhold_name)
        .join(DeliveryName, DeliveryName.delivery_id == Delivery.id)
        .join(Signature, Signature.id == DeliveryName.signature_id)
        # The index begins with the case.
        .where(Signature.case_id.in_(cases), Signature.email_index.in_(indexes), Delivery.state != "called_off")
        .order_by(Delivery.id)
    )
    return [_held(lens, cases[row.case_id], row, withheld) for row, withheld in rows]


def _held(lens: Lens, case_name: str, row: Delivery, withheld: bool) -> Held:
    given = row.state == "handed_over" and row.outcome != "refused"
    on = row.handed_over_on if given else None
    fields = [] if withheld else list(row.fields)
    facts = [
        (gettext("Handed over to"), i18n.listing(row.recipients)),
        (gettext("Handed over on"), i18n.long_date(on) if on else gettext("Not yet: it is being prepared")),
        (gettext("What is said of you"), i18n.listing(fields) if fields else gettext("Nothing: you are only counted")),
    ]
    data: dict[str, Any] = {
        "delivery": row.public_id, "to": list(row.recipients), "handed_over_on": on.isoformat() if on else None,
        "outcome": row.outcome if given else None, "fields": fields,
    }  # fmt: skip
    return Held(row.public_id, case_name, facts, data)


def erase(work: UnitOfWork, section: Section, canonical: str, before: datetime | None) -> int:
    """Whoever erased leaves what is being prepared, and gets no receipt that waits; see ``seam.Holds``.

    What was handed over cannot be called back, and stays counted. Signatures are erased by their owner's capability
    before this is called: it looks for those.
    """
    session = work.session
    rows = session.execute(
        select(Delivery.id, Delivery.case_id, Delivery.public_id, OPEN.label("is_open")).where(
            Delivery.section == section.code, Delivery.state != "called_off"
        )
    ).all()
    count = _leave(session, [row for row in rows if row.is_open])
    given = [row.public_id for row in rows if not row.is_open]
    return count + receipts.recall(session, work.state.keyring, section, canonical, given)


def _leave(session: Session, open_ones: Sequence[Any]) -> int:
    """Take those out of some deliveries whose signatures are erased."""
    if not open_ones:
        return 0
    ids = [row.id for row in open_ones]
    # An erased signature has no address: the index of its case's addresses finds the few, be there a million others.
    gone = session.scalars(
        select(DeliveryName.signature_id)
        .join(Signature, Signature.id == DeliveryName.signature_id)
        .where(
            Signature.case_id.in_({row.case_id for row in open_ones}),
            Signature.email_index.is_(None),
            Signature.state == "erased",
            DeliveryName.delivery_id.in_(ids),
        )
    ).all()
    if not gone:
        return 0
    mine = delete(DeliveryName).where(DeliveryName.signature_id.in_(gone), DeliveryName.delivery_id.in_(ids))
    return execute(session, mine)


DELIVERIES = Holds("deliveries", lazy_gettext("Signatures handed over"), show, erase)
