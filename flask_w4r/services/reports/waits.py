"""Reports that wait for the proof of their address; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from ...i18n import gettext, long_date, ngettext
from ...keyring import Keyring
from ...models import Event, Report
from ...seam import Waiting, Waits
from ...sections import Section
from ..campaign.views import Lens
from ..storage.unit_of_work import UnitOfWork
from .standing import of_address, submit


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """What was reported with an address."""
    return [
        Waiting(row.id, gettext("Your report"), _note(session, row), row.updated_at)
        for row in of_address(session, keyring, lens.section, canonical, state="unconfirmed")
    ]


def _note(session: Session, row: Report) -> str:
    event = session.get(Event, row.event_id) if row.event_id else None
    where = event.title if event else row.place or (long_date(row.on_date) if row.on_date else "")
    total = sum(sum(numbers.values()) for numbers in row.counts.values())
    count = ngettext("%(num)s action", "%(num)s actions", total)
    return f"{count}, {where}" if where else count


def _pending(work: UnitOfWork, section: Section, canonical: str) -> Sequence[Report]:
    return of_address(work.session, work.state.keyring, section, canonical, lock=True, state="unconfirmed")


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """They go to the desk."""
    rows = _pending(work, section, canonical)
    chosen = [row for row in rows if row.id in ids]
    return submit(work, section, chosen, now=work.state.clock())


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: nobody saw what they reported, so it goes."""
    for row in _pending(work, section, canonical):
        work.session.delete(row)
    work.session.flush()


REPORTS = Waits("reports", ("report_confirm",), find, confirm, disown)
