"""RSVPs that wait for the proof of their address, as the links of other mails see them; see ``seam.Waits``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ...keyring import Keyring
from ...models import Event, Rsvp
from ...seam import Waiting, Waits
from ...sections import Section
from ..campaign.views import Lens
from ..storage.unit_of_work import UnitOfWork
from . import lifecycle
from .ask import COMING, email_scope, offer_on
from .guests import deadline
from .run import tell
from .seats import give_back, lock_event, lock_rsvp


def _pending(session: Session, keyring: Keyring, section: Section, canonical: str) -> Sequence[tuple[Rsvp, Event]]:
    waits = exists().where(Rsvp.event_id == Event.id, Rsvp.state == "pending")
    among = session.scalars(select(Event.id).where(Event.section == section.code, waits)).all()
    indexes = [index for number in among for index in keyring.blinds(email_scope(section, number), canonical)]
    found = session.execute(
        select(Rsvp, Event)
        .join(Event, Event.id == Rsvp.event_id)
        .where(Rsvp.event_id.in_(among), Rsvp.email_index.in_(indexes), Rsvp.state == "pending")
        .order_by(Event.starts_at, Rsvp.id)
    )
    return [(row, event) for row, event in found]


def find(session: Session, keyring: Keyring, lens: Lens, canonical: str) -> list[Waiting]:
    """What waits for events that take guests still."""
    return [
        Waiting(row.id, event.title, deadline(event.starts_at, event.time_zone), row.updated_at)
        for row, event in _pending(session, keyring, lens.section, canonical)
        if event.state == "published" and event.starts_at > lens.now
    ]


def confirm(work: UnitOfWork, section: Section, canonical: str, ids: Sequence[int]) -> Collection[int]:
    """Confirm RSVPs of an address: each goes, or joins its waiting list."""
    state, now, done = work.state, work.state.clock(), []
    rows = [pair for pair in _pending(work.session, state.keyring, section, canonical) if pair[0].id in ids]
    # In one order everywhere, so that two who lock the same events do not wait for each other in a ring.
    for row, event in sorted(rows, key=lambda pair: pair[1].id):
        result = lifecycle.confirm(
            work.session, state.keyring, section, event.id, row.id, row.version,
            hold_at=state.config.scoring["hold_at"], now=now,
        )  # fmt: skip
        tell(work, section, result)
        if result.outcome in COMING:
            done.append(row.id)
    return done


def disown(work: UnitOfWork, section: Section, canonical: str) -> None:
    """Somebody else typed the address: its RSVPs go, and the seats that they held are offered on."""
    state, now = work.state, work.state.clock()
    found = sorted((event.id, row.id) for row, event in _pending(work.session, state.keyring, section, canonical))
    for event_id, number in found:
        event, row = lock_event(work.session, section, event_id), lock_rsvp(work.session, number)
        if event is None or row is None or row.state != "pending":
            continue
        give_back(event, row)
        work.session.delete(row)
        work.session.flush()
        tell(
            work,
            section,
            lifecycle.Done(number, event_id, "gone", offer_on(work.session, state.keyring, section, event, now=now)),
        )


RSVPS = Waits("rsvps", ("rsvp_confirm",), find, confirm, disown)
