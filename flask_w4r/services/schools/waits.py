"""Schools that wait for the proof of their teacher's address; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from ...i18n import gettext
from ...keyring import Keyring
from ...seam import Waiting, Waits
from ...sections import Section
from ..campaign.views import Lens
from ..storage.unit_of_work import UnitOfWork
from .standing import of_address, submit


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """The schools that were entered with an address."""
    return [
        Waiting(row.id, gettext("Your school joins"), f"{row.name}, {row.town}", row.updated_at)
        for row in of_address(session, keyring, lens.section, canonical, state="unconfirmed")
    ]


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """They go to the desk."""
    rows = of_address(work.session, work.state.keyring, section, canonical, lock=True, state="unconfirmed")
    return submit(work.session, [row for row in rows if row.id in ids], now=work.state.clock())


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: nobody saw what they entered, so it goes."""
    for row in of_address(work.session, work.state.keyring, section, canonical, lock=True, state="unconfirmed"):
        work.session.delete(row)
    work.session.flush()


SCHOOLS = Waits("schools", ("school_confirm",), find, confirm, disown)
