"""What staff see and change of schools that are in."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...models import School
from ...state import Permission
from ..audit import record as audit
from ..people.permissions import Staff
from . import mails
from .counts import SchoolLine, lines
from .joining import MOST as MOST


def schools_of(session: Session, staff: Staff, edition_id: int) -> list[SchoolLine]:
    """The schools of an edition that are in, those with the most actions first.

    :raises PermissionDenied: they may not.
    """
    staff.allowed(Permission.DECIDE)
    found = lines(session, staff.section, edition_id=edition_id)
    return sorted(found, key=lambda one: (-(one.actions or 0), one.name))


def change(session: Session, staff: Staff, school_id: int, act: str, size: int | None) -> str:
    """Mail the teacher a new link (``link``), which ends those before; or change how many pupils the school has (``size``).

    :returns: ``sent``, ``sized`` or ``unchanged``.
    :raises PermissionDenied: they may not.
    """
    who = staff.allowed(Permission.DECIDE)
    row = session.scalars(
        select(School)
        .where(School.id == school_id, School.section == staff.section.code, School.state == "approved")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    before = row.size if row is not None else None
    done = _ACTS[act](session, staff, row, size) if row is not None and act in _ACTS else "unchanged"
    if row is not None and done != "unchanged":
        row.updated_at = staff.now
        row.version += 1
        session.flush()
        audit.append(
            session, staff.keyring, staff.section, who.id, f"school_{act}", f"school:{row.id}",
            changes={"size": [before, row.size]} if act == "size" else None, now=staff.now,
        )  # fmt: skip
    return done


def _link(session: Session, staff: Staff, row: School, size: int | None) -> str:
    if not row.person:
        return "unchanged"
    row.link_version += 1
    mails.tell(session, staff.keyring, staff.section, row, mails.LET_IN, now=staff.now)
    return "sent"


def _size(session: Session, staff: Staff, row: School, size: int | None) -> str:
    if size is None or size == row.size:
        return "unchanged"
    row.size = size
    return "sized"


_ACTS = {"link": _link, "size": _size}
