"""Events whose host did not prove the address yet, as the links of other mails see them; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ...i18n import gettext
from ...keyring import Keyring
from ...models import Event, EventCase
from ...seam import Waiting, Waits
from ...sections import Section
from ...signals import event_submitted
from ..campaign.views import Lens
from ..rsvps.guests import deadline
from ..storage.rows import execute
from ..storage.unit_of_work import UnitOfWork
from . import lifecycle
from .draft import host_scope


def _unproved(session: Session, keyring: Keyring, section: Section, canonical: str) -> Sequence[Event]:
    mine = keyring.blinds(host_scope(section), canonical)
    wanted = select(Event).where(
        Event.section == section.code, Event.state == "unconfirmed", Event.host_index.in_(mine)
    )
    return session.scalars(wanted.order_by(Event.starts_at, Event.id)).all()


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """Events that were sent in with an address and have not begun."""
    return [
        Waiting(
            event.id, gettext("Your event: %(title)s", title=event.title), deadline(event.starts_at, event.time_zone),
            event.updated_at,
        )
        for event in _unproved(session, keyring, lens.section, canonical)
        if event.starts_at > lens.now
    ]  # fmt: skip


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """The host's address was proved: their events wait for the desk."""
    keyring, now, done = work.state.keyring, work.state.clock(), []
    for event in _unproved(work.session, keyring, section, canonical):
        if event.id not in ids:
            continue
        result = lifecycle.confirm(work.session, keyring, section, event.id, event.host_version, now=now)
        if result.outcome == "confirmed":
            work.emit(event_submitted, event_id=event.id, section=section.code)
            done.append(event.id)
    return done


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: nobody ever saw the event, so it goes."""
    ids = [event.id for event in _unproved(work.session, work.state.keyring, section, canonical)]
    if ids:
        execute(work.session, delete(EventCase).where(EventCase.event_id.in_(ids)))
        execute(work.session, delete(Event).where(Event.id.in_(ids), Event.state == "unconfirmed"))


EVENTS = Waits("events", ("event_confirm",), find, confirm, disown)
