"""What staff do for somebody who wrote by post: show all that is held of them, and erase it. With a reason, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import insist
from ...sections import Section
from ...state import Actor, Permission
from ..audit import record as audit
from ..campaign.views import Lens
from ..people.addresses import Address
from ..people.permissions import require
from ..storage.unit_of_work import UnitOfWork
from . import my_data
from .find import REASONS
from .my_data import Pile


def show(work: UnitOfWork, actor: Actor | None, lens: Lens, address: Address, reason: str) -> Sequence[Pile]:
    """All that is held of an address.

    :param reason: one of ``find.REASONS``.
    :raises PermissionDenied: the actor may not ask here.
    :raises BadValue: the reason is none.
    """
    who = _asked(work, actor, lens.section, reason)
    piles = my_data.collect(work.session, work.state.seam, work.state.keyring, lens, address.canonical)
    _log(work, lens.section, who, "person_shown", address, reason, sum(len(pile.held) for pile in piles))
    return piles


def erase(work: UnitOfWork, actor: Actor | None, section: Section, address: Address, reason: str) -> dict[str, int]:
    """Erase all that is held of an address; a mail says so to it.

    :param reason: one of ``find.REASONS``.
    :returns: how many rows lost what was personal, by kind.
    :raises PermissionDenied: the actor may not ask here.
    :raises BadValue: the reason is none.
    """
    who = _asked(work, actor, section, reason)
    gone = my_data.erase_all(work, section, address, locale=section.default_locale)
    _log(work, section, who, "person_erased", address, reason, sum(gone.values()))
    return gone


def _asked(work: UnitOfWork, actor: Actor | None, section: Section, reason: str) -> Actor:
    insist(reason in REASONS, "reason", f"be one of {', '.join(REASONS)}")
    return require(work.state.hooks, actor, Permission.FIND_PERSON, section)


def _log(
    work: UnitOfWork, section: Section, who: Actor, action: str, address: Address, reason: str, count: int
) -> None:
    changes: dict[str, Any] = {
        "address": [None, audit.typed(work.state.keyring, section, address.canonical)], "reason": [None, reason],
    }  # fmt: skip
    audit.append(
        work.session, work.state.keyring, section, who.id, action, "address", changes=changes, count=count,
        now=work.state.clock(),
    )  # fmt: skip
