"""Whose rows are, where the address stands sealed in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...sections import Section
from .addresses import canonical_of

Addresses = Callable[[Session, Keyring, Section, int, int], list[tuple[int, str, datetime]]]


def addresses(model: Any, sealed: Any, name: str) -> Addresses:
    """A ``seam.Holds.addresses`` for a table.

    :param model: the table's, with ``id section created_at``.
    :param sealed: its column of sealed JSON; rows without it are nobody's.
    :param name: of the address in that JSON.
    """

    def found(
        session: Session, keyring: Keyring, section: Section, after: int, limit: int
    ) -> list[tuple[int, str, datetime]]:
        query = select(model.id, sealed, model.created_at).where(
            model.section == section.code, model.id > after, sealed.is_not(None)
        )
        rows = session.execute(query.order_by(model.id).limit(limit))
        return [(number, canonical_of(keyring.open_json(text).get(name)), created) for number, text, created in rows]

    return found


def rows_of(
    session: Session,
    model: Any,
    section: Section,
    indexes: Sequence[bytes],
    *,
    lock: bool = False,
    state: str | None = None,
) -> Sequence[Any]:
    """The rows of an address in a table with ``id section state email_index``, in the order of ids.

    :param indexes: of the address, in the table's scope: of the newest key and of earlier ones.
    :param lock: keep others from them, and read them as they stand now.
    :param state: those in it alone.
    """
    query = select(model).where(model.section == section.code, model.email_index.in_(indexes)).order_by(model.id)
    if state is not None:
        query = query.where(model.state == state)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()
