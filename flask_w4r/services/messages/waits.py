"""Messages that wait for the proof of their address, as the links of other mails see them; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from ...i18n import gettext
from ...keyring import Keyring
from ...seam import Waiting, Waits
from ...sections import Section
from ..campaign.views import Lens
from ..storage.unit_of_work import UnitOfWork
from . import confirming, mails, standing


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """What waits on cases that take messages."""
    rows, cases = standing.pending(session, keyring, lens.section, canonical)
    return [Waiting(row.id, cases[row.case_id].name, gettext("Your words of support"), row.updated_at) for row in rows]


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """Confirm messages of an address."""
    rows, _ = standing.pending(work.session, work.state.keyring, section, canonical, lock=True)
    return confirming.submit(work, section, [row for row in rows if row.id in ids], now=work.state.clock())


MESSAGES = Waits("messages", (mails.CONFIRM,), find, confirm, confirming.disown)
