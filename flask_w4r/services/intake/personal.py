"""What the intake holds of an address: forms that nobody looked at yet; see ``seam.Holds``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Intake
from ...seam import Holds
from ...sections import Section
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork


def addresses(
    session: Session, keyring: Keyring, section: Section, after: int, limit: int
) -> list[tuple[int, str, datetime]]:
    """Who sent a form that waits or was set aside, in the order of its numbers."""
    query = select(Intake.id, Intake.sealed, Intake.received_at).where(
        Intake.section == section.code, Intake.id > after
    )
    found = []
    for number, sealed, received in session.execute(query.order_by(Intake.id).limit(limit)):
        address = keyring.open_json(sealed)["values"].get("address")
        found.append((number, str(address[1]) if address else "", received))
    return found


def forget(work: UnitOfWork, ids: Sequence[int]) -> int:
    """Forms that were not looked at yet are thrown away."""
    return execute(work.session, delete(Intake).where(Intake.id.in_(ids)))


FORMS = Holds("forms", addresses=addresses, forget=forget)
