"""What a section holds of whoever reads the mail of an address, and what they can do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...seam import Held, Holds, Seam
from ...sections import Section
from ..campaign.views import Lens
from ..people import tokens
from ..people.addresses import Address
from ..people.erasures import ALL
from ..storage.unit_of_work import UnitOfWork
from . import ledger, letters

#: The version of the JSON, raised when a name in it changes its meaning or goes.
VERSION = 1
#: The lists that the JSON always has, be there a capability for each on this site or not.
LISTS = ("signatures", "consents", "rsvps", "events", "messages", "emails", "reports")
#: What can be done with one thing that is held.
WAYS = ("leave", "withdraw", "correct")


@dataclass(frozen=True)
class Pile:
    """All of one kind that is held of a person."""

    holds: Holds
    held: Sequence[Held]


def collect(session: Session, seam: Seam, keyring: Keyring, lens: Lens, canonical: str) -> list[Pile]:
    """All that is held of an address in the lens' section; kinds of which there is nothing are left out.

    :param canonical: the address in canonical form.
    """
    found = [
        Pile(one, one.show(session, keyring, lens, canonical, *([seam] if one.asks_seam else [])))
        for one in seam.holds.values()
        if one.show is not None
    ]
    # What its owner can do something with comes first.
    return sorted((pile for pile in found if pile.held), key=lambda pile: pile.holds.act is None)


def as_json(section: Section, piles: Sequence[Pile], *, now: datetime) -> dict[str, Any]:
    """The same for programs.

    :returns: ``version``, ``section``, ``as_of``, and a list of each kind.
    """
    lists: dict[str, Any] = {name: [] for name in LISTS}
    for pile in piles:
        lists.setdefault(pile.holds.listed or pile.holds.name, []).extend(dict(held.data) for held in pile.held)
    return {"version": VERSION, "section": section.code, "as_of": now.isoformat(), **lists}


def act(work: UnitOfWork, section: Section, canonical: str, way: str, item: str, values: Mapping[str, str]) -> bool:
    """Leave, withdraw or correct one thing.

    :param way: one of :data:`WAYS`.
    :param item: ``<kind>:<key>``.
    :returns: whether anything changed.
    """
    kind, _, key = item.partition(":")
    one = work.state.seam.holds.get(kind)
    if way not in WAYS or one is None or one.act is None or not one.act(work, section, canonical, way, key, values):
        return False
    if way != "correct":
        scope = ledger.scope_of(kind, way, key)
        ledger.write(work.session, work.state.keyring, section, scope, canonical, now=work.state.clock())
    return True


def erase_all(
    work: UnitOfWork,
    section: Section,
    address: Address,
    *,
    locale: str,
    token_id: int | None = None,
) -> dict[str, int]:
    """Nothing personal of an address is left in the section's tables; counts stay. One transaction.

    A mail says so to the address.

    :param locale: of that mail.
    :param token_id: the link that led here: it says from then on that all was erased, and holds nothing else.
    :returns: how many rows lost what was personal, by kind.
    """
    session, state, now = work.session, work.state, work.state.clock()
    gone = {
        one.name: one.erase(work, section, address.canonical, None)
        for one in state.seam.holds.values()
        if one.erase is not None
    }
    ledger.write(session, state.keyring, section, ALL, address.canonical, now=now)
    if token_id is not None:
        tokens.empty(session, token_id, now=now)
    # What was on its way when the erasure was asked for does not leave; the receipt does.
    letters.enqueue(
        session, state.keyring, section, "data_erased", address, locale, now=now + timedelta(microseconds=1)
    )
    return gone
