"""A link that proves a mailbox: its page lists all that waits for the address, whichever capability it is of.

For capabilities whose things need no page of their own: their mail carries this link (:func:`link`), and their ``seam.Waits`` does
the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...errors import TokenInvalid
from ...keyring import Keyring
from ...seam import Seam
from ...sections import Section
from ..people import tokens
from ..storage.unit_of_work import UnitOfWork
from . import caps, together
from .together import Found

PURPOSE = "prove"


@dataclass(frozen=True)
class Proof:
    """What a link stands for now.

    :ivar status: ``ask`` (something waits), ``done`` (nothing does), ``expired``.
    """

    status: str
    canonical: str
    waiting: Sequence[Found] = ()


def link(session: Session, section: Section, canonical: str, *, now: datetime, days: float) -> str:
    """Make a link for an address.

    :param canonical: the address in canonical form.
    """
    return tokens.issue(session, section.code, PURPOSE, [canonical], now=now, days=days)


def look(
    session: Session, seam: Seam, keyring: Keyring, lens: Any, raw: str, *, shown_at: datetime | None = None
) -> Proof:
    """Say what a link stands for, changing nothing.

    :param lens: a ``campaign.views.Lens``.
    :param shown_at: what came since is left out.
    :raises TokenInvalid: it is no such link of this section.
    """
    token = tokens.find(session, lens.section.code, PURPOSE, raw, now=lens.now)
    if token.revoked:
        raise TokenInvalid("revoked")
    (canonical,) = token.payload
    every = [
        Found(one.name, what) for one in seam.waits.values() for what in one.find(session, keyring, lens, canonical)
    ]
    waiting = [one for one in every if shown_at is None or one.what.since <= shown_at]
    status = "expired" if token.expired else "ask" if waiting else "done"
    return Proof(status, canonical, waiting)


def confirm(
    work: UnitOfWork, section: Section, proof: Proof, keys: Collection[str], *, secret: bytes
) -> Sequence[Found]:
    """The button was pressed: what was ticked is confirmed.

    :param proof: of :func:`look`.
    :param keys: of ``Found.key``.
    :param secret: the day's.
    :returns: what was confirmed.
    """
    done = together.confirm(work, section, proof.canonical, [one for one in proof.waiting if one.key in keys])
    caps.answered(work.session, section, proof.canonical, secret=secret, now=work.state.clock())
    return done
