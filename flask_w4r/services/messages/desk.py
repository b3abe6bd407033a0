"""Passing messages on, as members of staff do it. Every act asks for the permission again, and is logged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...state import Permission
from ..audit import record as audit
from ..people.permissions import Staff
from ..storage.unit_of_work import UnitOfWork
from . import cards


def _noted(staff: Staff, slug: str, action: str) -> cards.Also:
    actor = staff.allowed(Permission.EXPORT)

    def note(work: UnitOfWork, count: int) -> None:
        audit.append(
            work.session, staff.keyring, staff.section, actor.id, action, f"case:{slug}", changes={}, count=count,
            now=staff.now,
        )  # fmt: skip

    return note


def print_new(app: Any, staff: Staff, slug: str, *, per_page: int, size: str) -> cards.Made:
    """Cards of what was not passed on yet; see :func:`.cards.print_new`.

    :raises PermissionDenied: they may take nothing away here.
    """
    also = _noted(staff, slug, "messages_taken")
    return cards.print_new(app, staff.section, slug, per_page=per_page, size=size, also=also)


def print_again(app: Any, staff: Staff, slug: str, at: datetime, *, per_page: int, size: str) -> cards.Made:
    """Cards of one run; see :func:`.cards.print_again`.

    :raises PermissionDenied: they may take nothing away here.
    """
    also = _noted(staff, slug, "messages_printed_again")
    return cards.print_again(app, staff.section, slug, at, per_page=per_page, size=size, also=also)


def pass_on(app: Any, staff: Staff, slug: str) -> int:
    """Mark what was not passed on yet, without cards; see :func:`.cards.pass_on`.

    :raises PermissionDenied: they may take nothing away here.
    """
    return cards.pass_on(app, staff.section, slug, also=_noted(staff, slug, "messages_taken"))
