"""Freezing a delivery: its names get numbers, the leaves of the Merkle tree are made, and the counts are fixed.

It goes in pieces, so that a site goes on signing. Whoever is killed in between leaves a delivery that is not frozen, and
whoever begins later takes over: all of it is made again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import bindparam, delete, update

from ...errors import DeliveryClosed
from ...models import Delivery, DeliveryName
from ...models.delivery import UNFROZEN
from ...sections import Section
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork, run
from . import claim, names
from .merkle import Tree
from .names import Entry

_NAME: Any = DeliveryName.__table__
_NUMBER = (
    update(_NAME)
    .where(_NAME.c.signature_id == bindparam("b_id"), _NAME.c.delivery_id == bindparam("b_delivery"))
    .values(number=bindparam("b_number"), leaf=bindparam("b_leaf", type_=_NAME.c.leaf.type))
)


@dataclass
class _Making:
    """What is known of the names so far."""

    delivery_id: int
    mark: str
    key: bytes
    fields: list[str]
    leaves: list[bytes] = field(default_factory=list)
    withheld: int = 0
    countries: Counter[str] = field(default_factory=Counter)
    letters: set[str] = field(default_factory=set)
    digest: Any = field(default_factory=hashlib.sha256)


def freeze(
    app: Any, section: Section, public_id: str, *, progress: Callable[[int], None] = lambda done: None
) -> frozenset[str]:
    """Number the names of a delivery and fix what is certified of them. Who left meanwhile is given back.

    :param progress: told how many names are done.
    :returns: every character in what is to be printed of them.
    :raises DeliveryClosed: it was handed over or called off, or somebody else began to freeze it meanwhile.
    :raises NotFound: there is none of that name.
    """
    making = run(app, partial(_begin, section=section, public_id=public_id))
    making.digest.update(names.csv_header(making.fields).encode())
    for withheld in (False, True):
        after = 0
        while found := run(app, partial(_piece, section=section, making=making, withheld=withheld, after=after)):
            _take(making, found)
            after = found[-1][0].signature_id
            progress(len(making.leaves))
    run(app, partial(_end, section=section, public_id=public_id, making=making))
    return frozenset(making.letters)


def _begin(work: UnitOfWork, *, section: Section, public_id: str) -> _Making:
    row = claim.find_open(work.session, section, public_id)
    mark, key = secrets.token_hex(8), secrets.token_bytes(32)
    fields = list(section.handed_over)
    begun = {**UNFROZEN, "fields": fields, "freezing": mark, "salt": work.state.keyring.seal(key.hex())}
    execute(work.session, update(Delivery).where(Delivery.id == row.id).values(**begun))
    blank = update(DeliveryName).where(DeliveryName.delivery_id == row.id, DeliveryName.number.is_not(None))
    execute(work.session, blank.values(number=None, leaf=None))
    return _Making(row.id, mark, key, fields)


def _piece(
    work: UnitOfWork, *, section: Section, making: _Making, withheld: bool, after: int
) -> list[tuple[Entry, bytes]]:
    session = work.session
    _still_ours(session, making)
    rows = names.claimed(session, making.delivery_id, withheld=withheld, after=after)
    entries = names.read_entries(session, work.state.keyring, section, making.fields, rows)
    first = len(making.leaves) + 1
    found = [(entry, entry.leaf(making.key, number)) for number, entry in enumerate(entries, first)]
    if found:
        written = [
            {"b_id": entry.signature_id, "b_delivery": making.delivery_id, "b_number": number, "b_leaf": leaf}
            for number, (entry, leaf) in enumerate(found, first)
        ]
        session.connection().execute(_NUMBER, written)
    return found


def _still_ours(session: Any, making: _Making) -> None:
    """Nobody began after us; who does now waits until the piece is done."""
    row = session.get(Delivery, making.delivery_id, populate_existing=True, with_for_update=True)
    if row is None or row.freezing != making.mark:
        raise DeliveryClosed("the files of this delivery are being made elsewhere, or it was closed")


def _take(making: _Making, found: list[tuple[Entry, bytes]]) -> None:
    for entry, leaf in found:
        making.leaves.append(leaf)
        if "country" in entry.values:
            making.countries[entry.values["country"]] += 1
        if entry.withheld:
            making.withheld += 1
        else:
            making.digest.update(names.csv_entry(len(making.leaves), entry, making.fields).encode())
            making.letters.update(*entry.values.values())


def _end(work: UnitOfWork, *, section: Section, public_id: str, making: _Making) -> None:
    session = work.session
    row = claim.find_open(session, section, public_id)
    _still_ours(session, making)
    # Who left, or came back while the others were read, is in the next delivery.
    execute(session, delete(DeliveryName).where(DeliveryName.delivery_id == row.id, DeliveryName.number.is_(None)))
    made = {
        "count": len(making.leaves), "withheld": making.withheld, "countries": dict(sorted(making.countries.items())),
        "digest": making.digest.hexdigest(), "root": Tree(making.leaves).root.hex(), "freezing": None,
        "frozen_at": work.state.clock(),
    }  # fmt: skip
    execute(session, update(Delivery).where(Delivery.id == row.id).values(**made))
