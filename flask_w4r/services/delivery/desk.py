"""Deliveries as members of staff make them. Every act asks for the permission again, and is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from ...errors import NothingToDeliver, PDFUnavailable
from ...models import Delivery
from ...state import Permission
from ..audit import record as audit
from ..people.permissions import Staff
from ..printing import typeset
from ..storage.unit_of_work import UnitOfWork, run
from . import claim, files, freeze, hand_over, views


def _log(work: UnitOfWork, staff: Staff, action: str, row: Delivery, *, count: int, **changes: Any) -> None:
    actor = staff.allowed(Permission.DELIVER)
    audit.append(
        work.session, staff.keyring, staff.section, actor.id, action, f"delivery:{row.public_id}", changes=changes,
        count=count, now=staff.now,
    )  # fmt: skip


def overview(session: Session, staff: Staff) -> tuple[list[views.Ready], list[views.StaffRow]]:
    """Cases with signatures to deliver, and all deliveries, newest first.

    :raises PermissionDenied: they may not prepare deliveries here.
    """
    staff.allowed(Permission.DELIVER)
    return views.ready(session, staff.section), views.for_staff(session, staff.section)


def one(session: Session, staff: Staff, public_id: str) -> views.StaffRow:
    """One delivery.

    :raises PermissionDenied: they may not prepare deliveries here.
    :raises NotFound: there is none of that name.
    """
    staff.allowed(Permission.DELIVER)
    return views.for_staff(session, staff.section, public_id)[0]


def prepare(app: Any, staff: Staff, case_ids: Sequence[int], recipients: Sequence[str], *, book: bool) -> list[str]:
    """Prepare a delivery of each of some cases and freeze its names.

    :param book: a petition book is to be made: see that it can be, else nothing is prepared.
    :returns: the deliveries' names; none of cases that have nothing to deliver.
    :raises PDFUnavailable: a book cannot be made here.
    """
    staff.allowed(Permission.DELIVER)
    if book:
        typeset.insist_on_typst()
    made: list[str] = []
    for case_id in case_ids:
        try:
            made.append(run(app, partial(_prepare, staff=staff, case_id=case_id, recipients=recipients)))
        except NothingToDeliver:
            continue
    try:
        for public_id in made:
            letters = freeze.freeze(app, staff.section, public_id)
            if book:
                files.insist_on_fonts(app, letters)
    except PDFUnavailable:
        for public_id in made:
            call_off(app, staff, public_id)
        raise
    return made


def _prepare(work: UnitOfWork, *, staff: Staff, case_id: int, recipients: Sequence[str]) -> str:
    actor = staff.allowed(Permission.DELIVER)
    row = claim.prepare(work.session, staff.section, case_id, recipients, actor_id=actor.id, now=staff.now)
    _log(work, staff, "delivery_prepared", row, count=1)
    return row.public_id


def make(app: Any, staff: Staff, public_id: str) -> None:
    """Freeze the names of a delivery anew, without those who have left since.

    :raises DeliveryClosed: it was handed over or called off already.
    """
    staff.allowed(Permission.DELIVER)
    freeze.freeze(app, staff.section, public_id)
    run(app, lambda work: _log(work, staff, "delivery_files_made", _row(work, staff, public_id), count=1))


def _row(work: UnitOfWork, staff: Staff, public_id: str) -> Delivery:
    return claim.find(work.session, staff.section, public_id)


def call_off(app: Any, staff: Staff, public_id: str) -> None:
    """Call a delivery off: its signatures are in the next one.

    :raises DeliveryClosed: it was handed over or called off already.
    """
    actor = staff.allowed(Permission.DELIVER)

    def work(uow: UnitOfWork) -> None:
        count = claim.call_off(uow.session, staff.section, public_id, actor_id=actor.id, now=staff.now)
        _log(uow, staff, "delivery_called_off", _row(uow, staff, public_id), count=count)

    run(app, work)


def hand_it_over(
    app: Any, staff: Staff, public_id: str, *, on: date, by: str, outcome: str, note: str, receipts: bool, absolute: Any
) -> Delivery:
    """Note that a delivery was handed over; see :func:`.hand_over.hand_over`."""
    actor = staff.allowed(Permission.DELIVER)

    def also(work: UnitOfWork, row: Delivery) -> None:
        _log(work, staff, "delivery_handed_over", row, count=row.count, outcome=[None, outcome])

    return hand_over.hand_over(
        app, staff.section, public_id, on=on, by=by, outcome=outcome, note=note, receipts=receipts, actor_id=actor.id,
        absolute=absolute, also=also,
    )  # fmt: skip


def note_download(app: Any, staff: Staff, public_id: str, file: str) -> None:
    """Log that a file of a delivery is taken away."""
    run(app, lambda work: _log(work, staff, "delivery_file", _row(work, staff, public_id), count=1, file=[None, file]))
